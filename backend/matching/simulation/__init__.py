"""A market in memory, to try routing policies on: providers whose behaviour ranking never sees, leads, clients."""
