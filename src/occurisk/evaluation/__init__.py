"""How good the model is, beside what, how sure, and what hangs on each label."""
