"""What happened to a provider's own offer, in its own words: nobody else's part is told."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backend.leads.models import LeadAssignment
from backend.leads.models.assignment import DeclineReason
from workflows import TransitionRecord

__all__ = ["Moment", "tell_story"]

_YOURS: dict[str, Promise] = {
    "create": gettext_lazy("Offered to you"),
    "accept": gettext_lazy("You accepted"),
    "claim": gettext_lazy("You claimed a place"),
    "decline": gettext_lazy("You declined"),
    "expire": gettext_lazy("It ended without your answer"),
    "withdraw": gettext_lazy("It was taken back"),
    "win": gettext_lazy("You got the job"),
    "lose": gettext_lazy("The job went to another provider"),
}
_FOR_YOU: dict[str, Promise] = {
    "accept": gettext_lazy("Accepted for you by our staff"),
    "decline": gettext_lazy("Declined for you by our staff"),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened: a sentence, when, and what was said with it ("" nothing)."""

    sentence: str
    at: datetime.datetime
    remark: str = ""


def tell_story(offer: LeadAssignment) -> tuple[Moment, ...]:
    """Return what happened to an offer, the latest first: one statement."""
    records = TransitionRecord.objects.filter(machine=offer.machine_label(), object_id=offer.pk)
    own = f"user:{offer.provider.user_id}"
    return tuple(
        _moment(record, is_own=record.actor == own)
        for record in records.select_related("log").order_by("-sequence")
        # Claiming makes the offer and takes it: that is one thing.
        if not (offer.was_claimed and record.log.transition == "create")
    )


def _moment(record: TransitionRecord, *, is_own: bool) -> Moment:
    name = record.log.transition
    by_staff = name in _FOR_YOU and not is_own
    sentence = _FOR_YOU[name] if by_staff else _YOURS.get(name, name)
    return Moment(str(sentence), record.log.timestamp, _remark(record))


def _remark(record: TransitionRecord) -> str:
    reason, note = str(record.arguments.get("reason") or ""), str(record.arguments.get("note") or "")
    if reason in DeclineReason.values:
        reason = str(DeclineReason(reason).label)
    return _("%(reason)s: %(note)s") % {"reason": reason, "note": note} if reason and note else reason or note
