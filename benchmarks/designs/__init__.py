"""Every design of the classifier that was weighed. `benchmarks/experiments.py` measures them."""
