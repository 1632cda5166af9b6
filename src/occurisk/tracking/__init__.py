"""Runs, models and reviews in MLflow."""
