"""What ``manage.py simulate_routing`` can do: a module for each of its sub-commands."""
