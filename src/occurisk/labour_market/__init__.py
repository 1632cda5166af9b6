"""What the scores say of a country, and how that moves with each choice."""
