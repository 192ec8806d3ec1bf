"""Of the terms: one version in force for each scope, and what was published is complete."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from backend.leads.terms import MARKET_TERMS, TERMS_BY_CATEGORY
from workflows.invariants import Invariant

__all__ = ["TERMS_INVARIANTS"]

# A category may go back to the market's terms; the market cannot be without, once something was published.
NOT_ONE_IN_FORCE = """
SELECT id FROM (
    SELECT id, row_number() OVER (PARTITION BY category_id ORDER BY published_at DESC, id DESC) AS number
    FROM leads_termsversion WHERE status = 'in_force'
) AS version
WHERE number > 1
UNION ALL
SELECT max(id) FROM leads_termsversion WHERE category_id IS NULL AND status IN ('past', 'in_force')
HAVING count(*) > 0 AND NOT bool_or(status = 'in_force')
"""

INCOMPLETE = f"""
SELECT id FROM leads_termsversion
WHERE (status IN ('in_force', 'past')) <> (published_at IS NOT NULL)
   OR status IN ('in_force', 'past') AND CASE WHEN category_id IS NULL
      THEN num_nulls({", ".join(MARKET_TERMS)}) > 0
      ELSE num_nonnulls({", ".join(TERMS_BY_CATEGORY)}) = 0
        OR num_nonnulls({", ".join(name for name in MARKET_TERMS if name not in TERMS_BY_CATEGORY)}) > 0 END
"""  # noqa: S608  built of constants alone

TERMS_INVARIANTS = (
    Invariant(
        code="T1",
        name="leads.one_version_of_the_terms_is_in_force",
        model="leads.termsversion",
        holds=_("Of the terms one version is in force for the market, and at most one for each category."),
        mend=_(
            "Decisions say by which they were made. Have a database administrator set the wrong ones to 'past', with"
            " an event in the log, or publish the right one anew."
        ),
        sql=NOT_ONE_IN_FORCE,
    ),
    Invariant(
        code="T1",
        name="leads.published_terms_are_complete",
        model="leads.termsversion",
        holds=_(
            "Published terms say when they were published; those of the market say everything, those of a category"
            " something, and nothing that is the market's alone."
        ),
        mend=_("They were written past the application: publish a complete version in their place."),
        sql=INCOMPLETE,
    ),
)
