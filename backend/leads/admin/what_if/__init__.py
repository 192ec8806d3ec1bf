"""What-if in the admin: terms and models tried on past leads before they are published."""

from backend.leads.admin.what_if.model_admin import WhatIfAdmin
from backend.leads.admin.what_if.subject import read_trying

__all__ = ["WhatIfAdmin", "read_trying"]
