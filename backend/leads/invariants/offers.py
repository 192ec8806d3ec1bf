"""Of offers: to nobody twice, of a lead that is offered, told to their provider, ended in time."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.invariants import Invariant

__all__ = ["OFFER_INVARIANTS"]

OFFERED_AGAIN = """
SELECT id FROM (
    SELECT id, row_number() OVER (PARTITION BY lead_id, provider_id ORDER BY id) AS number
    FROM leads_leadassignment
) AS offer
WHERE number > 1
"""

NEVER_VERIFIED = """
SELECT a.id
FROM leads_leadassignment AS a
WHERE NOT EXISTS (
    SELECT FROM workflows_transitionrecord AS r JOIN django_fsm_log_statelog AS s ON s.id = r.log_id
    WHERE r.machine = 'leads.lead' AND s.transition = 'verify' AND r.object_id = a.lead_id
)
"""

STILL_LIVE = """
SELECT a.id
FROM leads_leadassignment AS a JOIN leads_lead AS l ON l.id = a.lead_id
WHERE a.status IN ('offered', 'accepted') AND l.status NOT IN ('verified', 'quoted')
"""

# The event of a notification is MACHINE:OBJECT:NUMBER.
NOT_TOLD = """
SELECT a.id
FROM leads_leadassignment AS a JOIN users_providerprofile AS p ON p.id = a.provider_id
WHERE NOT a.was_claimed AND NOT EXISTS (
    SELECT FROM notifications_notification AS n
    WHERE n.type = 'lead_assigned' AND n.recipient_id = p.user_id
      AND split_part(n.event, ':', 1) = 'leads.lead' AND split_part(n.event, ':', 2) = a.lead_id::text
)
"""

RUN_OUT = """
SELECT id FROM leads_leadassignment
WHERE status = 'offered' AND expires_at < %(now)s - interval '15 minutes'
"""

OFFER_INVARIANTS = (
    Invariant(
        code="A1",
        name="leads.provider_is_offered_a_lead_once",
        model="leads.leadassignment",
        holds=_("No provider has two offers of the same lead."),
        mend=_("Withdraw the later one, and see whether the unique constraint is still there."),
        sql=OFFERED_AGAIN,
    ),
    Invariant(
        code="A2",
        name="leads.offered_lead_was_verified",
        model="leads.leadassignment",
        holds=_("Only leads that were verified are offered."),
        mend=_("Withdraw the offer; verify the lead if it is genuine, and it is routed."),
        sql=NEVER_VERIFIED,
    ),
    Invariant(
        code="A2",
        name="leads.closed_lead_has_no_live_offer",
        model="leads.leadassignment",
        holds=_("An offer is open or accepted only while its lead is verified or quoted."),
        mend=_("Withdraw the offer: its provider waits for nothing."),
        sql=STILL_LIVE,
    ),
    Invariant(
        code="N1",
        name="leads.offer_was_told_to_its_provider",
        model="leads.leadassignment",
        holds=_("The provider of each offer was told of it."),
        mend=_(
            "Tell the provider yourself if the offer is still open, or withdraw it: the next one is told."
        ),
        sql=NOT_TOLD,
    ),
    Invariant(
        code="J2",
        name="leads.offer_ends_in_time",
        model="leads.leadassignment",
        holds=_("An open offer expires when its time has run out, within minutes."),
        mend=_(
            "The timer stands still: see whether a worker is alive, and whether leads.expire_offers fails."
        ),
        sql=RUN_OUT,
    ),
)
