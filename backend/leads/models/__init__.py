"""Leads, their contacts, the routing decisions about them and the offers made."""

from backend.leads.models.assignment import DeclineReason, LeadAssignment
from backend.leads.models.choices import CloseReason, Urgency
from backend.leads.models.contact import LeadContact
from backend.leads.models.contact_view import ContactView
from backend.leads.models.decision import RoutingDecision
from backend.leads.models.lead import Lead
from backend.leads.models.terms_version import TermsVersion
from backend.leads.models.tip import LeadTip
from backend.leads.models.what_if import WhatIf

__all__ = [
    "CloseReason",
    "ContactView",
    "DeclineReason",
    "Lead",
    "LeadAssignment",
    "LeadContact",
    "LeadTip",
    "RoutingDecision",
    "TermsVersion",
    "Urgency",
    "WhatIf",
]
