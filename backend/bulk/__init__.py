"""One transition on many objects: looked at before, run in the background, accounted for afterwards."""
