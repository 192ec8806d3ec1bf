"""Of chance: the probabilities that decisions keep are probabilities, and what was drawn could be drawn."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.invariants import Invariant

__all__ = ["CHANCE_INVARIANTS"]

# Candidates are in columns, in older decisions in dictionaries (`leads.models.candidates`).
# Rankings are long and written once: those of two days are looked at, each some fifty times.  Whoever moved up for
# one that fell out under the lock keeps what the draw gave it, nothing perhaps; by hand there is none (null).
PROPENSITIES_DO_NOT_FIT = """
SELECT d.id
FROM leads_routingdecision AS d CROSS JOIN LATERAL (
    SELECT count(*) AS ranked, sum(propensity) AS expected, bool_or(propensity < 0 OR propensity > 1) AS is_beyond,
           bool_or(propensity = 0 AND is_asked) AS is_impossible
    FROM (
        SELECT (entry ->> 'propensity')::float AS propensity,
               entry ->> 'outcome' = 'offered' AND (entry ->> 'rank')::int <= d.places AS is_asked
        FROM jsonb_array_elements(CASE jsonb_typeof(d.candidates) WHEN 'array' THEN d.candidates END) AS entry
        UNION ALL
        SELECT propensity::float, outcome = 'offered' AND rank::int <= d.places
        FROM ROWS FROM (jsonb_array_elements_text(d.candidates -> 'propensity'),
                        jsonb_array_elements_text(d.candidates -> 'outcome'),
                        jsonb_array_elements_text(d.candidates -> 'rank')) AS columns (propensity, outcome, rank)
    ) AS candidate
) AS chance
WHERE d.created_at > %(now)s - interval '2 days' AND (
    is_beyond OR is_impossible
    OR d.policy_version LIKE 'balanced/%%' AND abs(expected - least(d.places, ranked)) > 0.001)
"""

CHANCE_INVARIANTS = (
    Invariant(
        code="R3",
        name="leads.propensities_are_probabilities",
        model="leads.routingdecision",
        holds=_(
            "The probabilities with which a decision of the last two days would ask each candidate lie in 0 to 1 and "
            "add up to its places, and whom it asked it could ask."
        ),
        mend=_(
            "Another policy cannot be judged by this decision. Leave it, and find what wrote it: its version names "
            "the policy."
        ),
        sql=PROPENSITIES_DO_NOT_FIT,
    ),
)
