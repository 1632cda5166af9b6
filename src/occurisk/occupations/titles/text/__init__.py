"""A title as text: normalised, cut into its parts, turned into tokens."""
