"""Scores held against what happened, and against what was published."""
