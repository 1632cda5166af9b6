"""Codes of occupations, the systems they come from, and what each stands for."""
