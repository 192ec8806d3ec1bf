"""What must hold of ranking models and track records in the whole database: examined by ``manage.py audit``."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.invariants import Invariant

__all__ = ["INVARIANTS"]

MORE_THAN_ONE = """
SELECT id FROM (
    SELECT id, row_number() OVER (PARTITION BY status ORDER BY state_since DESC, id DESC) AS number
    FROM matching_rankingmodel WHERE status IN ('champion', 'shadow')
) AS model
WHERE number > 1
"""

# The sums of parts fade with those of the whole; what is left over is rounding.  NaN is greater than any number.
_DOES_NOT_ADD_UP = """
least(answered, accepted, responses, log_hours, finished, won) < 0
   OR greatest(answered, accepted, responses, log_hours, finished, won) = 'NaN'
   OR accepted > responses + 1e-6 OR responses > answered + 1e-6 OR won > finished + 1e-6
"""

RECORDS_DO_NOT_ADD_UP = f"SELECT id FROM matching_trackrecord WHERE {_DOES_NOT_ADD_UP}"  # noqa: S608  constants alone

CATEGORIES_DO_NOT_ADD_UP = f"""
SELECT category_id AS id FROM matching_categoryrecord WHERE {_DOES_NOT_ADD_UP}
"""  # noqa: S608  built of constants alone

_MAKE_ANEW = _(
    "Have the records made anew from the log: the job leads.rebuild_track_records does so every night, and can be"
    " retried from the list of jobs."
)

INVARIANTS = (
    Invariant(
        code="M1",
        name="matching.one_model_ranks",
        model="matching.rankingmodel",
        holds=_("At most one ranking model is the champion, and at most one ranks along in shadow."),
        mend=_("Retire the one that is not to rank; decisions say by which they were made."),
        sql=MORE_THAN_ONE,
    ),
    Invariant(
        code="M2",
        name="matching.track_record_adds_up",
        model="matching.trackrecord",
        holds=_(
            "Of no provider more is on record as accepted than as answered, or as won than as finished, and nothing"
            " is negative."
        ),
        mend=_MAKE_ANEW,
        sql=RECORDS_DO_NOT_ADD_UP,
    ),
    Invariant(
        code="M2",
        name="matching.category_record_adds_up",
        model="matching.categoryrecord",
        holds=_("Of no category more is on record as accepted than as answered, or as won than as finished."),
        mend=_MAKE_ANEW,
        sql=CATEGORIES_DO_NOT_ADD_UP,
    ),
)
