"""Of routing decisions: one for each wave, with the offers that it names."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.invariants import Invariant

__all__ = ["DECISION_INVARIANTS"]

# The waves of a lead are unique: where the first is 1 and the last is their number, none is missing.
WAVES_DO_NOT_FIT = """
SELECT l.id
FROM leads_lead AS l
LEFT JOIN (
    SELECT lead_id, count(*) AS made, min(wave) AS first, max(wave) AS last
    FROM leads_routingdecision GROUP BY lead_id
) AS d ON d.lead_id = l.id
LEFT JOIN (
    SELECT r.object_id, count(*) AS routed
    FROM workflows_transitionrecord AS r JOIN django_fsm_log_statelog AS s ON s.id = r.log_id
    WHERE r.machine = 'leads.lead' AND s.transition IN ('verify', 'reroute', 'revise', 'assign_by_hand')
    GROUP BY r.object_id
) AS e ON e.object_id = l.id
WHERE coalesce(d.made, 0) <> l.wave OR coalesce(d.last, 0) <> l.wave OR d.first <> 1
   OR coalesce(e.routed, 0) <> l.wave
"""

# What a claim took was not offered by the decision, but told of.
OFFERS_DO_NOT_FIT = """
SELECT d.id
FROM leads_routingdecision AS d LEFT JOIN (
    SELECT decision_id, count(*) AS made FROM leads_leadassignment WHERE NOT was_claimed GROUP BY decision_id
) AS o ON o.decision_id = d.id
WHERE coalesce(o.made, 0) <> d.offered_count OR (d.offered_count < d.places AND d.shortfall = '')
"""

OFFERS_OF_ANOTHER_LEAD = """
SELECT a.id
FROM leads_leadassignment AS a JOIN leads_routingdecision AS d ON d.id = a.decision_id
WHERE d.lead_id <> a.lead_id
"""

DECISION_INVARIANTS = (
    Invariant(
        code="R1",
        name="leads.each_wave_has_its_decision",
        model="leads.lead",
        holds=_(
            "Each verification, reroute, revision and choice by hand made one wave of its lead, with one decision."
        ),
        mend=_(
            "Compare the timeline of the lead with its decisions: a decision too many routed it twice; where one is "
            "missing, its offers are explained by nothing."
        ),
        sql=WAVES_DO_NOT_FIT,
    ),
    Invariant(
        code="R2",
        name="leads.decision_made_its_offers",
        model="leads.routingdecision",
        holds=_("A decision made as many offers as it says, and where those are too few it says why."),
        mend=_(
            "Compare its ranking with its offers: withdraw one too many; where one is missing, reroute the lead."
        ),
        sql=OFFERS_DO_NOT_FIT,
    ),
    Invariant(
        code="R2",
        name="leads.offer_is_of_its_decisions_lead",
        model="leads.leadassignment",
        holds=_("An offer is of the lead that its decision is about."),
        mend=_("It was written past the application: withdraw it, and find out by whom."),
        sql=OFFERS_OF_ANOTHER_LEAD,
    ),
)
