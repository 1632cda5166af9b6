"""Titles to codes: a code with its reason, or an honest "cannot say"."""
