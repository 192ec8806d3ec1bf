"""Why these providers, why not those: what routing decided, kept as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.leads.models.candidates import CandidatesField
from backend.leads.terms import Terms
from backend.leads.terms_in_force import read_terms_named
from workflows import clock

if TYPE_CHECKING:
    from backend.leads.models.lead import Lead

__all__ = ["RoutingDecision", "exclusion_key"]


def exclusion_key(rule_code: str, provider_id: int) -> str:
    """Return the text under which a decision is found by a provider and the rule that excluded it."""
    return f"{rule_code}:{provider_id}"


class RoutingDecision(models.Model):
    """One wave of routing of one lead; written once.

    ``candidates`` lists every ranked provider, best first: ``{"provider", "name", "rank", "score", "accepts", "wins",
    "parts": [[feature, value, contribution], …], "discount", "propensity", "offers_total", "open_offers",
    "open_offers_max", "distance_km", "opens_at", "outcome"}`` with the outcome ``offered``, ``told``, ``ranked`` or the
    code of the rule by which it fell out when its capacity was reserved; ``opens_at`` is an instant in ISO 8601 where
    the provider was closed then, else None.  ``propensity`` is the probability with which the policy puts the
    candidate among the first ``places``, also where the draw did not; whoever moved up for one that fell out keeps its
    own.  In the database they are in columns (``candidates.CandidateTable``).
    Until ``top-n/1`` it was always 1, and there was no ``discount``, nor any count of offers.
    One made by hand has the chosen provider alone, with no propensity: nothing was left to a policy.
    ``shadow`` is empty, or ``{"version", "scores": {provider: P(accepts) × P(wins)}}``.
    ``excluded`` lists who was near enough to be asked but may not: ``{rule code: [[provider, name], …]}``;
    ``excluded_counts`` counts all of them, also those not listed.  ``exclusion_keys`` has the ``exclusion_key`` of
    everybody listed there, and of each candidate that fell out.
    """

    lead: models.ForeignKey[Lead, Lead] = models.ForeignKey(
        "leads.Lead", verbose_name=_("lead"), on_delete=models.PROTECT, related_name="decisions"
    )
    wave = models.PositiveIntegerField(_("wave"))
    is_revision = models.BooleanField(
        _("after a revision"),
        default=False,
        help_text=_("The request had changed: what was decided before it is superseded."),
    )
    is_by_hand = models.BooleanField(
        _("by hand"), default=False, help_text=_("Somebody chose the provider: no policy did.")
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    reason = models.TextField(_("reason"), blank=True, help_text=_("Why it was decided by hand."))
    lifted = models.JSONField(
        _("lifted rules"),
        default=list,
        blank=True,
        help_text=_("Codes of the rules that exclude the provider, and were lifted for it."),
    )
    policy_version = models.CharField(_("policy"), max_length=100)
    terms_version = models.CharField(
        _("terms"), max_length=40, help_text=_("The version of the terms that were in force.")
    )
    places = models.PositiveIntegerField(_("places"), help_text=_("How many offers were wanted."))
    offered_count = models.PositiveIntegerField(_("offered"))
    told_count = models.PositiveIntegerField(_("told"))
    candidates_count = models.PositiveIntegerField(_("candidates"), help_text=_("Providers looked at."))
    eligible_count = models.PositiveIntegerField(_("eligible"), help_text=_("Providers that may have it."))
    shortfall = models.CharField(
        _("shortfall"), max_length=200, blank=True, help_text=_("Why fewer offers were made than wanted.")
    )
    candidates = CandidatesField(_("ranking"), default=list)
    excluded = models.JSONField(_("excluded"), default=dict)
    shadow = models.JSONField(
        _("ranking in shadow"),
        default=dict,
        help_text=_("What the model in shadow made of the candidates; nothing went by it."),
    )
    excluded_counts = models.JSONField(_("excluded by rule"), default=dict)
    exclusion_keys = ArrayField(models.TextField(), default=list, db_default=[], editable=False)
    created_at = models.DateTimeField(_("when"), default=clock.now, editable=False)

    _terms: Terms | None = None

    class Meta:
        verbose_name = _("routing decision")
        verbose_name_plural = _("routing decisions")
        ordering = ["lead_id", "wave"]
        constraints = [
            # One decision per lead and wave: a verification routes once.
            models.UniqueConstraint(fields=["lead", "wave"], name="wave_is_decided_once"),
            # Fewer offers than wanted have a reason on record.
            models.CheckConstraint(
                condition=models.Q(offered_count__gte=models.F("places")) | ~models.Q(shortfall=""),
                name="shortfall_has_its_reason",
            ),
            # What a person decided names the person and the reason; no rule is lifted otherwise.
            models.CheckConstraint(
                condition=models.Q(is_by_hand=True, decided_by__isnull=False) & ~models.Q(reason="")
                | models.Q(is_by_hand=False, decided_by__isnull=True, reason="", lifted=[]),
                name="hand_made_decision_has_its_reason",
            ),
        ]
        indexes = [
            # "By which rules was this provider excluded?"  A short pending list: who asks reads all of it, and who
            # fills it clears it.
            GinIndex(fields=["exclusion_keys"], name="decision_by_exclusion", gin_pending_list_limit=256),
        ]

    def __str__(self) -> str:
        return f"{self.lead} · {_('wave')} {self.wave}"

    @property
    def terms(self) -> Terms:
        """Return the terms by which it was decided: one statement, none where it was just made."""
        if self._terms is None:
            self._terms = read_terms_named(self.terms_version)
        return self._terms

    @terms.setter
    def terms(self, terms: Terms) -> None:
        self._terms, self.terms_version = terms, terms.version
