"""Anybody's list of occupations: opened, and understood."""
