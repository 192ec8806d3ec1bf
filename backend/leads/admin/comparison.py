"""Two leads side by side, with what differs marked; for whoever decides whether one repeats the other."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.leads.admin.likely_originals import Likely
from backend.leads.models import Lead
from backend.leads.selectors import OfferCounts

__all__ = ["Comparison", "Fact", "Piece", "compare_leads"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words; ``differs``: the other lead does not have them in that place."""

    text: str
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of both leads; empty where a lead says nothing."""

    label: str
    here: tuple[Piece, ...]
    there: tuple[Piece, ...]

    @property
    def is_same(self) -> bool:
        """Return whether nothing differs."""
        return not any(piece.differs for piece in (*self.here, *self.there))


@dataclass(frozen=True, slots=True)
class Comparison:
    """A lead that may be the original, beside the one that may be its duplicate."""

    likely: Likely
    facts: tuple[Fact, ...]


def compare_leads(
    lead: Lead, others: Collection[Likely], *, offers: Mapping[int, OfferCounts], shows_contact: bool
) -> tuple[Comparison, ...]:
    """Compare a lead with each of the others; ``offers`` counts those of each lead.  Reads nothing."""
    return tuple(
        Comparison(likely, tuple(_facts_of(lead, likely, offers=offers, shows_contact=shows_contact)))
        for likely in others
    )


def _facts_of(
    lead: Lead, likely: Likely, *, offers: Mapping[int, OfferCounts], shows_contact: bool
) -> Iterator[Fact]:
    other = likely.lead
    if shows_contact:
        yield _whole(_("Client"), lead.contact.name, other.contact.name)
        yield _way(_("E-mail"), lead, other, name="email")
        yield _way(_("Phone"), lead, other, name="phone")
    yield _whole(_("Category"), lead.category, other.category)
    yield _by_words(_("Title"), lead.title, other.title)
    yield _by_words(_("Text"), lead.text, other.text)
    yield _place_of(lead, likely)
    yield _whole(_("Budget"), lead.budget, other.budget)
    yield _whole(_("Urgency"), lead.get_urgency_display(), other.get_urgency_display())
    yield _whole(_("Submitted"), _instant(lead.created_at), _instant(other.created_at))
    yield _whole(_("Deadline"), _instant(lead.deadline_at), _instant(other.deadline_at))
    yield _whole(_("State"), lead.get_status_display(), other.get_status_display())
    yield _whole(_("Offers"), _offers_in_words(offers[lead.pk]), _offers_in_words(offers[other.pk]))


def _place_of(lead: Lead, likely: Likely) -> Fact:
    """Return both places; those that differ with how far apart they are."""
    here, there = lead.place_name or _coordinates(lead), likely.lead.place_name or _coordinates(likely.lead)
    is_same = here == there and not round(likely.distance_km, 1)
    apart = "" if is_same else " " + _("(%(km).1f km away)") % {"km": likely.distance_km}
    return Fact(_("Place"), (Piece(here, not is_same),), (Piece(there + apart, not is_same),))


def _coordinates(lead: Lead) -> str:
    return f"{lead.latitude:.3f}, {lead.longitude:.3f}"


def _whole(label: str, here: Any, there: Any) -> Fact:
    texts = ["" if value is None else str(value) for value in (here, there)]
    is_same = texts[0] == texts[1]
    pieces = [(Piece(text, not is_same),) if text else () for text in texts]
    return Fact(label, pieces[0], pieces[1])


def _way(label: str, lead: Lead, other: Lead, *, name: str) -> Fact:
    """Return how both clients are reached: the same, however it is written, where the keys are the same."""
    keys = [getattr(one.contact, f"{name}_key") for one in (lead, other)]
    here, there = (getattr(one.contact, name) for one in (lead, other))
    if keys[0] and keys[0] == keys[1]:
        return Fact(label, (Piece(here),), (Piece(there),))
    return _whole(label, here, there)


def _by_words(label: str, here: str, there: str) -> Fact:
    """Return two texts with the words marked that the other does not have."""
    ours, theirs = here.split(), there.split()
    matcher = difflib.SequenceMatcher(a=ours, b=theirs, autojunk=False)
    blocks = matcher.get_opcodes()
    return Fact(
        label,
        _pieces(ours, [(tag, start, end) for tag, start, end, _b, _e in blocks]),
        _pieces(theirs, [(tag, start, end) for tag, _b, _e, start, end in blocks]),
    )


def _pieces(words: Sequence[str], blocks: Sequence[tuple[str, int, int]]) -> tuple[Piece, ...]:
    return tuple(
        Piece(" ".join(words[start:end]), differs=tag != "equal") for tag, start, end in blocks if start < end
    )


def _instant(at: Any) -> str:
    return date_format(localtime(at), "j M Y H:i")


def _offers_in_words(counts: OfferCounts) -> str:
    if not counts.made:
        return _("None")
    made = ngettext("%(count)d made", "%(count)d made", counts.made) % {"count": counts.made}
    return _("%(made)s: %(open)d open, %(accepted)d accepted") % {
        "made": made,
        "open": counts.open,
        "accepted": counts.accepted,
    }
