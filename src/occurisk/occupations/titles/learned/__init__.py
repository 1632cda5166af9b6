"""What a matcher learned from lists of titles, and how it is packed: numbers, no files of users."""
