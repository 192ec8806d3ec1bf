"""What ``manage.py simulate_routing`` can do: one module for each of its sub-commands."""
