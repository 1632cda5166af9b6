"""Lists, indexes and labels held against each other: what moved, and which factor moved it."""
