"""The invariants of the log as a whole, over all machines: one look at every event answers them all."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.invariants.event_scan import EVENT_SCAN
from workflows.invariants.invariant import Invariant
from workflows.invariants.machine_invariants import FORGED

__all__ = ["LOG_INVARIANTS"]

LOG_INVARIANTS = (
    Invariant(
        code="L3",
        name="workflows.each_log_row_has_its_event",
        model="workflows.transitionrecord",
        holds=_("Each row of the log has one event, of the same object and its machine."),
        mend=FORGED,
        sql=EVENT_SCAN,
    ),
    Invariant(
        code="L4",
        name="workflows.events_go_along_edges",
        model="workflows.transitionrecord",
        holds=_("Every event is a transition of its machine, along one of its edges."),
        mend=_(
            "Either it was written past the application, or a release took an edge away that histories still have: "
            "then declare the edge again."
        ),
        sql=EVENT_SCAN,
    ),
    Invariant(
        code="L6",
        name="workflows.events_name_their_actor",
        model="workflows.transitionrecord",
        holds=_("Every event names who acted, a user or a part of the system."),
        mend=FORGED,
        sql=EVENT_SCAN,
    ),
    Invariant(
        code="L8",
        name="workflows.each_event_has_its_passage",
        model="workflows.transitionrecord",
        holds=_("The process map counts each event once, as it stands in the log."),
        mend=_(
            "The figures of the process maps are wrong, and nothing else: have a database administrator empty "
            "workflows_passage and fill it anew from the log, as the migration 0006_count_the_past does."
        ),
        sql=EVENT_SCAN,
    ),
)
