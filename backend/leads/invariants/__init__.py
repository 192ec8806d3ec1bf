"""What must hold of leads, decisions, offers and terms in the whole database: examined by ``manage.py audit``."""

from backend.leads.invariants.capacity import CAPACITY_INVARIANTS
from backend.leads.invariants.chance import CHANCE_INVARIANTS
from backend.leads.invariants.decisions import DECISION_INVARIANTS
from backend.leads.invariants.leads import LEAD_INVARIANTS
from backend.leads.invariants.offers import OFFER_INVARIANTS
from backend.leads.invariants.places import PLACE_INVARIANTS
from backend.leads.invariants.terms import TERMS_INVARIANTS

__all__ = ["INVARIANTS"]

INVARIANTS = (
    *LEAD_INVARIANTS,
    *DECISION_INVARIANTS,
    *CHANCE_INVARIANTS,
    *OFFER_INVARIANTS,
    *PLACE_INVARIANTS,
    *CAPACITY_INVARIANTS,
    *TERMS_INVARIANTS,
)
