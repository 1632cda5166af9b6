"""Patterns of titles that people wrote, and how words of their languages are told."""
