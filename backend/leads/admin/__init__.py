"""The admin of leads, offers, routing decisions and providers; importing it registers them."""

from backend.leads.admin.assignment import LeadAssignmentAdmin
from backend.leads.admin.decision import RoutingDecisionAdmin
from backend.leads.admin.lead import LeadAdmin
from backend.leads.admin.provider import ProviderProfileAdmin

__all__ = ["LeadAdmin", "LeadAssignmentAdmin", "ProviderProfileAdmin", "RoutingDecisionAdmin"]
