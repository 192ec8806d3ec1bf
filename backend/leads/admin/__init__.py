"""The admin of leads, offers, routing decisions, providers and terms; importing it registers them."""

from backend.leads.admin.assignment import LeadAssignmentAdmin
from backend.leads.admin.decision import RoutingDecisionAdmin
from backend.leads.admin.lead import LeadAdmin
from backend.leads.admin.provider import ProviderProfileAdmin
from backend.leads.admin.ranking_model import TriedRankingModelAdmin
from backend.leads.admin.terms import TermsVersionAdmin
from backend.leads.admin.what_if import WhatIfAdmin

__all__ = [
    "LeadAdmin",
    "LeadAssignmentAdmin",
    "ProviderProfileAdmin",
    "RoutingDecisionAdmin",
    "TermsVersionAdmin",
    "TriedRankingModelAdmin",
    "WhatIfAdmin",
]
