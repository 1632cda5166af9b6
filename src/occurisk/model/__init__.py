"""The classifier, what each attribute adds to a score, and a trained version on disk."""
