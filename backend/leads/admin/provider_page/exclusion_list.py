"""Why a provider was excluded lately: the rules in words, each with leads to look at."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from backend.leads.admin.routing_report import sentence_of
from backend.leads.figures.exclusions import ExcludedLead, RuleCount
from backend.users.models import ProviderProfile

__all__ = ["ExclusionRow", "LeadLink", "build_exclusion_rows"]


@dataclass(frozen=True, slots=True)
class LeadLink:
    """A lead, with the address at which its page answers why this provider did not get it."""

    lead: ExcludedLead
    address: str


@dataclass(frozen=True, slots=True)
class ExclusionRow:
    """One rule: what it says of the provider, how often it did, and the latest leads."""

    sentence: str
    count: RuleCount
    links: tuple[LeadLink, ...]


def build_exclusion_rows(provider: ProviderProfile, counts: list[RuleCount]) -> tuple[ExclusionRow, ...]:
    """Put the counts into words."""
    return tuple(
        ExclusionRow(sentence_of(count.code), count, tuple(_link(lead, provider) for lead in count.latest))
        for count in counts
    )


def _link(lead: ExcludedLead, provider: ProviderProfile) -> LeadLink:
    page = reverse("admin:leads_lead_change", args=[lead.lead_id])
    return LeadLink(lead, f"{page}?{urlencode({'why_not': provider.company_name})}#routing")
