"""What becomes of offers, told to matching: as it happens, and all of it anew from the log."""

from __future__ import annotations

from django.db import connection, transaction

from backend.leads.models import LeadAssignment
from backend.matching import track_record
from backend.matching.track_record import HALF_LIFE, Record
from workflows import clock

__all__ = ["note_answer", "note_choice", "note_silence", "rebuild"]

# The events of `note_answer`, `note_silence` and `note_choice`, as the log has them.
_REBUILD = """
WITH events AS (
    SELECT a.provider_id, l.category_id, s.transition, s.source_state,
           power(0.5, greatest(0, extract(epoch FROM %(at)s - s.timestamp)::float) / %(half_life_s)s) AS kept,
           ln(1 + greatest(0, extract(epoch FROM s.timestamp - a.starts_at)::float) / 3600) AS log_hours
    FROM workflows_transitionrecord AS r
    JOIN django_fsm_log_statelog AS s ON s.id = r.log_id
    JOIN leads_leadassignment AS a ON a.id = r.object_id
    JOIN leads_lead AS l ON l.id = a.lead_id
    WHERE r.machine = 'leads.leadassignment'
      AND (s.transition IN ('accept', 'decline', 'expire', 'win')
           OR (s.transition = 'lose' AND s.source_state = 'accepted'))
)
INSERT INTO matching_trackrecord
    (provider_id, category_id, as_of, answered, accepted, responses, log_hours, finished, won)
SELECT provider_id, category_id, %(at)s,
       coalesce(sum(kept) FILTER (WHERE transition IN ('accept', 'decline', 'expire')), 0),
       coalesce(sum(kept) FILTER (WHERE transition = 'accept'), 0),
       coalesce(sum(kept) FILTER (WHERE transition IN ('accept', 'decline')), 0),
       coalesce(sum(kept * log_hours) FILTER (WHERE transition IN ('accept', 'decline')), 0),
       coalesce(sum(kept) FILTER (WHERE transition IN ('win', 'lose')), 0),
       coalesce(sum(kept) FILTER (WHERE transition = 'win'), 0)
FROM events GROUP BY provider_id, category_id
"""


def note_answer(offer: LeadAssignment, *, is_accepted: bool) -> None:
    """Note that a provider accepted or declined an offer now; its time to answer counts from the offer's start."""
    after = clock.now() - offer.starts_at
    _note(offer, Record.of_answer(is_accepted=is_accepted, after=after))


def note_silence(offer: LeadAssignment) -> None:
    """Note that an offer was left to expire."""
    _note(offer, Record.of_silence())


def note_choice(offer: LeadAssignment, *, is_won: bool) -> None:
    """Note that the client of an accepted offer has chosen; one that was open still says nothing of its provider."""
    if offer.status == LeadAssignment.Status.ACCEPTED:
        _note(offer, Record.of_choice(is_won=is_won))


@transaction.atomic
def rebuild() -> None:
    """Make all records anew from the log, and the categories' from those.

    What is answered meanwhile waits until it is done: else it would be lost, or be counted twice.  A lead whose
    category was changed after an answer counts in the one that it has now.
    """
    at = clock.now()
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE matching_trackrecord IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("DELETE FROM matching_trackrecord")
        cursor.execute(_REBUILD, {"at": at, "half_life_s": HALF_LIFE.total_seconds()})
    track_record.refresh_category_records(at=at)


def _note(offer: LeadAssignment, event: Record) -> None:
    track_record.note(
        event, provider_id=offer.provider_id, category_id=offer.lead.category_id, at=clock.now()
    )
