"""X and y: O*NET ratings on the catalogue's scales, and the experts' labels."""
