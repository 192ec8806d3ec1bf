"""What answers at which address: see ``backend/portal/urls.py``."""
