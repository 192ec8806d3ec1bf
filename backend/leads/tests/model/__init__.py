"""The model test: whatever is called in whatever order, leads and offers do what a small model in plain Python says."""
