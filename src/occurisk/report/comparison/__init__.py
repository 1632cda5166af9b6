"""Pictures of comparisons: lists, indexes and labels, two axes."""
