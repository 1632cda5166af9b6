"""Every row accounted for: what was scored, what was set aside and why, in figures and in words."""
