"""Which column holds what: codes, weights, titles, attributes; chosen on evidence, refused without."""
