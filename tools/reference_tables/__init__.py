"""How the embedded tables of `features/` were made from third-party originals; not part of the package."""
