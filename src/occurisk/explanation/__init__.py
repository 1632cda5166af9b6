"""Why, what would change it, what is similar: for people."""
