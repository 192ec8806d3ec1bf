"""Leads, their contacts, the routing decisions about them and the offers made."""

from backend.leads.models.assignment import DeclineReason, LeadAssignment
from backend.leads.models.contact import LeadContact
from backend.leads.models.decision import RoutingDecision
from backend.leads.models.lead import CloseReason, Lead, Urgency

__all__ = [
    "CloseReason",
    "DeclineReason",
    "Lead",
    "LeadAssignment",
    "LeadContact",
    "RoutingDecision",
    "Urgency",
]
