"""What must hold before a lead or an offer moves.  Pure: they read, and say what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import prefetch_related_objects
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backend.leads import selectors
from backend.leads.terms import Terms
from backend.leads.terms_in_force import read_terms
from backend.matching.capacity import find_obstacle
from backend.matching.rules import get_rule
from workflows import Actor, Attempt, Blocker, SystemActor, guard, guard_together

if TYPE_CHECKING:
    from backend.leads.models import Lead, LeadAssignment

__all__ = [
    "assignment_is_accepted",
    "category_is_served",
    "contact_is_confirmed",
    "deadline_has_not_passed",
    "deadline_has_passed",
    "find_obstacle_to_accept",
    "find_obstacle_to_claim",
    "is_not_a_duplicate",
    "offer_has_not_expired",
    "offer_has_run_out",
    "original_is_another_lead",
    "place_can_be_accepted",
    "place_can_be_claimed",
    "place_can_be_given",
    "place_is_free",
    "provider_has_capacity",
    "provider_may_have_it",
    "provider_takes_part",
    "provider_was_told",
    "request_can_be_met",
    "something_changes",
]

# The arguments of a revision: what the request is to be.
_REVISED = ("category", "latitude", "longitude", "language", "place_name", "budget")


@guard(gettext_lazy("Contact is confirmed"))
def contact_is_confirmed(lead: Lead, attempt: Attempt) -> Blocker | None:
    """The client confirmed it with a code, or staff vouch for it."""
    if lead.contact.confirmed_at is not None or attempt.arguments.get("vouched"):
        return None
    return Blocker(
        _("Nobody has confirmed the contact yet: confirm it below, or vouch for it."), lifted_by="vouched"
    )


@guard_together(gettext_lazy("Is not a duplicate"))
def is_not_a_duplicate(leads: Sequence[Lead], attempt: Attempt) -> list[Blocker | None]:
    """No earlier lead of the same contact asks for the same, unless staff say that it is another job."""
    if attempt.arguments.get("is_another_job"):
        return [None] * len(leads)
    originals = selectors.find_originals(leads)
    return [_repeats(originals[lead.pk]) if lead.pk in originals else None for lead in leads]


def _repeats(reference: str) -> Blocker:
    return Blocker(
        _(
            "%(reference)s from the same contact asks for the same: "
            "mark this one as its duplicate, or say that it is another job."
        )
        % {"reference": reference},
        lifted_by="is_another_job",
    )


@guard_together(gettext_lazy("Category is served"))
def category_is_served(leads: Sequence[Lead], attempt: Attempt) -> list[Blocker | None]:
    """The category is one that the marketplace serves at present."""
    prefetch_related_objects(leads, "category")
    return [
        None
        if lead.category.is_served
        else Blocker(_("“%(category)s” is not served at present.") % {"category": lead.category})
        for lead in leads
    ]


@guard(gettext_lazy("Something changes"), needs=_REVISED)
def something_changes(lead: Lead, attempt: Attempt) -> Blocker | None:
    """A revision that changes nothing would supersede a good decision."""
    if any(getattr(lead, name) != attempt.arguments[name] for name in _REVISED):
        return None
    return Blocker(_("It asks for the same already: change something."))


@guard(gettext_lazy("The request can be met"), needs=_REVISED)
def request_can_be_met(lead: Lead, attempt: Attempt) -> Blocker | None:
    """The category is served, the place is on the globe, and the rest is what its fields may hold."""
    category, latitude, longitude = (attempt.arguments[name] for name in _REVISED[:3])
    if not category.is_served:
        return Blocker(_("“%(category)s” is not served at present.") % {"category": category})
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return Blocker(_("Latitude goes from -90 to 90, longitude from -180 to 180."))
    for name in _REVISED[3:]:
        field: Any = lead._meta.get_field(name)
        try:
            field.clean(attempt.arguments[name], lead)
        except ValidationError as error:
            return Blocker(f"{capfirst(str(field.verbose_name))}: {' '.join(error.messages)}")
    return None


@guard(gettext_lazy("A place is free"))
def place_is_free(lead: Lead, attempt: Attempt) -> Blocker | None:
    """Fewer offers are open or accepted than the lead has places, and it may make more in all.

    On its own the system makes no more when enough have accepted; staff may go on until nobody else can accept.
    """
    counts, terms = selectors.count_offers(lead), read_terms(lead.category_id)
    is_system = isinstance(attempt.by, SystemActor)
    accepted_max = terms.accepted_enough if is_system else terms.accepted_max
    if (obstacle := _find_obstacle_to_offer(counts, terms, accepted_max=accepted_max)) is not None:
        return obstacle
    if lead.wave >= terms.waves_max:
        return Blocker(_("There were %(count)d waves; that is the most.") % {"count": lead.wave})
    return None


@guard(gettext_lazy("A place is free"))
def place_can_be_given(lead: Lead, attempt: Attempt) -> Blocker | None:
    """Like ``place_is_free``, but for the number of waves: that bounds how often the system tries."""
    counts, terms = selectors.count_offers(lead), read_terms(lead.category_id)
    return _find_obstacle_to_offer(counts, terms, accepted_max=terms.accepted_max)


def _find_obstacle_to_offer(
    counts: selectors.OfferCounts, terms: Terms, *, accepted_max: int
) -> Blocker | None:
    if counts.accepted >= accepted_max:
        return Blocker(_("%(count)d providers have accepted already.") % {"count": counts.accepted})
    if counts.occupied >= terms.places:
        return Blocker(_("All %(count)d places are taken.") % {"count": terms.places})
    if counts.made >= terms.offers_max:
        return Blocker(_("%(count)d offers have been made; that is the most.") % {"count": counts.made})
    return None


@guard(gettext_lazy("The provider may have it"), needs=["provider"])
def provider_may_have_it(lead: Lead, attempt: Attempt) -> Blocker | None:
    """No rule excludes the provider, but for those that staff may lift and take upon themselves."""
    provider = attempt.arguments["provider"]
    failed = [get_rule(code) for code in selectors.list_failed_rules(lead, provider.pk)]
    final = [rule for rule in failed if not rule.can_be_lifted]
    if not failed or (attempt.arguments.get("override") and not final and _may_lift_rules(attempt.by)):
        return None
    why = f"{provider} {_(' and ').join(str(rule.sentence) for rule in failed)}."
    if final:
        return Blocker(f"{why} {_('Choose another provider.')}")
    if not _may_lift_rules(attempt.by):
        return Blocker(
            f"{why} {_('Choose another provider, or ask somebody who may lift this: it takes a permission.')}"
        )
    return Blocker(f"{why} {_('Say that it gets the offer all the same, or choose another.')}", "override")


def _may_lift_rules(actor: Actor) -> bool:
    return not isinstance(actor, SystemActor) and actor.has_perms(["leads.lift_rules_lead"])  # type: ignore[attr-defined]  # PermissionsMixin


@guard(gettext_lazy("The deadline has not passed"))
def deadline_has_not_passed(lead: Lead, attempt: Attempt) -> Blocker | None:
    """The lead may still be offered."""
    if attempt.now < lead.deadline_at:
        return None
    return Blocker(_("Its deadline was %(when)s.") % {"when": f"{lead.deadline_at:%-d %b %Y %H:%M}"})


@guard(gettext_lazy("The deadline has passed"))
def deadline_has_passed(lead: Lead, attempt: Attempt) -> Blocker | None:
    """The lead's time is over."""
    if attempt.now >= lead.deadline_at:
        return None
    return Blocker(_("Its deadline is %(when)s.") % {"when": f"{lead.deadline_at:%-d %b %Y %H:%M}"})


@guard(gettext_lazy("The original is another lead, itself no duplicate"), needs=["of"])
def original_is_another_lead(lead: Lead, attempt: Attempt) -> Blocker | None:
    """A duplicate points at an original, never at itself or at another duplicate."""
    original: Lead = attempt.arguments["of"]
    if original.pk == lead.pk:
        return Blocker(_("A lead is no duplicate of itself."))
    if selectors.hold_status(original) == original.Status.DUPLICATE:
        return Blocker(
            _("%(reference)s is a duplicate itself: name its original.") % {"reference": original.reference}
        )
    return None


@guard(gettext_lazy("The provider has accepted this lead"), needs=["assignment"])
def assignment_is_accepted(lead: Lead, attempt: Attempt) -> Blocker | None:
    """Quotes come from, and awards go to, a provider that accepted this very lead."""
    assignment: LeadAssignment = attempt.arguments["assignment"]
    if assignment.lead_id != lead.pk:
        return Blocker(_("That offer is for another lead."))
    if selectors.is_accepted(assignment):
        return None
    return Blocker(_("%(provider)s has not accepted it.") % {"provider": assignment.provider})


@guard(gettext_lazy("The offer has not expired"))
def offer_has_not_expired(assignment: LeadAssignment, attempt: Attempt) -> Blocker | None:
    """By the database's clock."""
    if attempt.now < assignment.expires_at:
        return None
    return Blocker(_("The offer ended on %(when)s.") % {"when": f"{assignment.expires_at:%-d %b %Y %H:%M}"})


@guard(gettext_lazy("The offer has run out"))
def offer_has_run_out(assignment: LeadAssignment, attempt: Attempt) -> Blocker | None:
    """By the database's clock."""
    if attempt.now >= assignment.expires_at:
        return None
    return Blocker(
        _("The offer is open until %(when)s.") % {"when": f"{assignment.expires_at:%-d %b %Y %H:%M}"}
    )


@guard(gettext_lazy("A place is free"))
def place_can_be_accepted(assignment: LeadAssignment, attempt: Attempt) -> Blocker | None:
    """Fewer providers have accepted than may, and the lead is still open."""
    lead = assignment.lead
    return find_obstacle_to_accept(lead, selectors.count_offers(lead), terms=read_terms(lead.category_id))


@guard(gettext_lazy("A place is free"))
def place_can_be_claimed(assignment: LeadAssignment, attempt: Attempt) -> Blocker | None:
    """The lead is still open, and no open offer to another provider holds the place that would be taken."""
    lead = assignment.lead
    counts = selectors.count_offers(lead, without=assignment)
    return find_obstacle_to_claim(lead, counts, terms=read_terms(lead.category_id))


def find_obstacle_to_accept(lead: Lead, counts: selectors.OfferCounts, *, terms: Terms) -> Blocker | None:
    """Return why no (further) provider may accept a lead of which so many offers are out, or None."""
    if not lead.is_offered:
        return Blocker(_("The lead is %(state)s.") % {"state": lead.get_status_display().lower()})
    if counts.accepted >= terms.accepted_max:
        return Blocker(_("All %(count)d places are taken by other providers.") % {"count": counts.accepted})
    return None


def find_obstacle_to_claim(lead: Lead, counts: selectors.OfferCounts, *, terms: Terms) -> Blocker | None:
    """Return why no (further) place may be claimed of a lead of which so many offers are out, or None."""
    if (obstacle := find_obstacle_to_accept(lead, counts, terms=terms)) is not None:
        return obstacle
    if counts.occupied >= terms.places:
        return Blocker(
            _("All %(count)d places are on offer to other providers; one may become free.")
            % {"count": counts.occupied}
        )
    return None


@guard(gettext_lazy("The provider takes part"))
def provider_takes_part(assignment: LeadAssignment, attempt: Attempt) -> Blocker | None:
    """A suspended or retired provider takes no more leads; a paused one may answer what it was offered."""
    provider = assignment.provider
    if provider.status in (provider.Status.ACTIVE, provider.Status.PAUSED):
        return None
    return Blocker(
        _("%(provider)s is %(state)s.")
        % {"provider": provider, "state": provider.get_status_display().lower()}
    )


@guard(gettext_lazy("The provider was told of this lead"))
def provider_was_told(assignment: LeadAssignment, attempt: Attempt) -> Blocker | None:
    """Who may claim was named by routing: nobody else can, and what was offered is accepted, not claimed."""
    if selectors.is_told(assignment.lead, assignment.provider_id):
        return None
    return Blocker(
        _("%(provider)s was not told that it may claim this lead.") % {"provider": assignment.provider}
    )


@guard(gettext_lazy("The provider has capacity"))
def provider_has_capacity(assignment: LeadAssignment, attempt: Attempt) -> Blocker | None:
    """It takes part, is not on holiday and may have one more by its own limits: asked again under the lock."""
    code = find_obstacle(assignment.provider_id, at=attempt.now)
    if code is None:
        return None
    return Blocker(f"{assignment.provider} {get_rule(code).sentence}.")
