"""Every row of a registry scored, or set aside with its reason."""
