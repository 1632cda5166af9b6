"""occurisk."""
