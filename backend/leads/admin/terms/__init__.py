"""The admin of the terms: what holds now, drafts of what shall hold, and every version that ever held."""

from backend.leads.admin.terms.model_admin import TermsVersionAdmin

__all__ = ["TermsVersionAdmin"]
