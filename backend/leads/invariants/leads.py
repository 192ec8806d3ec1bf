"""Of leads: verified once, won by one, ended in time."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.invariants import Invariant

__all__ = ["LEAD_INVARIANTS"]

# A stay in "new" begins with the creation or a reopening and ends with the verification.
VERIFIED_TWICE = """
SELECT DISTINCT object_id AS id FROM (
    SELECT r.object_id, s.transition,
           lag(s.transition) OVER (PARTITION BY r.object_id ORDER BY r.sequence) AS before
    FROM workflows_transitionrecord AS r JOIN django_fsm_log_statelog AS s ON s.id = r.log_id
    WHERE r.machine = 'leads.lead' AND s.transition IN ('create', 'verify', 'reopen')
) AS step
WHERE transition = 'verify' AND before = 'verify'
"""

NOT_WON_BY_ONE = """
SELECT l.id
FROM leads_lead AS l LEFT JOIN (
    SELECT lead_id, count(*) AS winners FROM leads_leadassignment WHERE status = 'won' GROUP BY lead_id
) AS w ON w.lead_id = l.id
WHERE coalesce(w.winners, 0) <> CASE l.status WHEN 'won' THEN 1 ELSE 0 END
"""

OUTLIVED = """
SELECT id FROM leads_lead
WHERE status IN ('new', 'verified', 'quoted') AND deadline_at < %(now)s - interval '15 minutes'
"""

LEAD_INVARIANTS = (
    Invariant(
        code="L5",
        name="leads.lead_is_verified_once",
        model="leads.lead",
        holds=_("A lead is verified once while it is new: again only after it was reopened."),
        mend=_("Look at its timeline, and withdraw the offers that the second verification made."),
        sql=VERIFIED_TWICE,
    ),
    Invariant(
        code="A2",
        name="leads.won_lead_has_one_winner",
        model="leads.lead",
        holds=_("A lead that is won has one offer that won it; any other lead has none."),
        mend=_(
            "Ask the client whom it chose. Then correct the state of the offers with a database administrator."
        ),
        sql=NOT_WON_BY_ONE,
    ),
    Invariant(
        code="J2",
        name="leads.lead_ends_in_time",
        model="leads.lead",
        holds=_("An open lead ends when its deadline has passed, within minutes."),
        mend=_(
            "The timer stands still: see whether a worker is alive, and whether leads.expire_leads fails."
        ),
        sql=OUTLIVED,
    ),
)
