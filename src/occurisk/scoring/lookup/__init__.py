"""A register that stays where it is: its distinct values scored once, and the join as SQL."""
