"""A trained model on disk: its folder, its manifest, its card, and the folder of all models."""
