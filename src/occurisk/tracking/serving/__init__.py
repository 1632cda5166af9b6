"""The model that MLflow serves: its answers, its code, and its place in the registry."""
