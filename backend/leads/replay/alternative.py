"""What is tried on past leads: terms, a model and a policy, each the present one unless another is named."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from backend.leads.models import TermsVersion
from backend.leads.terms_in_force import TermsBook, read_terms_book, read_terms_book_with
from backend.matching.learning.artifact import Artifact
from backend.matching.models import RankingModel
from backend.matching.policy import Policy
from backend.matching.ranking import Ranker
from backend.matching.serving import find_models

__all__ = ["Alternative", "make_alternative"]


@dataclass(frozen=True, slots=True)
class Alternative:
    """``policy`` None: the one in use, with the chance that the terms leave."""

    model: Ranker
    book: TermsBook
    policy: Policy | None = None

    def describe(self) -> dict[str, Any]:
        """Return all that it is made of, as JSON has it: equal as long as it would do the same."""
        return {
            "model": self.model.version,
            "market": dataclasses.asdict(self.book.market),
            "exceptions": {
                str(category): dataclasses.asdict(terms) for category, terms in self.book.exceptions.items()
            },
        }


def make_alternative(
    *,
    terms: TermsVersion | None = None,
    model: RankingModel | None = None,
    policy: Policy | None = None,
) -> Alternative:
    """Return what would rank if these terms were in force and this model were the champion; None: as it is now.

    Raises: ArtifactUnreadable when the model cannot be read.
    """
    return Alternative(
        model=Artifact.from_json(model.artifact).as_model(str(model)) if model else find_models().champion,
        book=read_terms_book_with(terms.pk, category_id=terms.category_id) if terms else read_terms_book(),
        policy=policy,
    )
