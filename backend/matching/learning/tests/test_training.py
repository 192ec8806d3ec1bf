"""Training and serving: the artifact says the same after its way through JSON, and ranks as it was trained."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, connection

from backend.matching.features import FEATURES
from backend.matching.learning.artifact import Artifact, ArtifactUnreadable, Stage
from backend.matching.learning.calibration import Calibration
from backend.matching.learning.logistic import sigmoid
from backend.matching.learning.training import Examples, TooFewExamples, judge, train
from backend.matching.policy import rank_candidates
from backend.matching.ranking import COLUMNS, EXPERT_WEIGHTS
from backend.matching.serving import find_models
from backend.matching.tests.factories import make_candidate, make_ranking_model
from backend.matching.tests.test_policy import REQUEST
from backend.users.tests.factories import chief

ZEROS = dict.fromkeys(COLUMNS, 0.0)


def make_examples(rows: int, *, seed: int = 3, **weights: float) -> Examples:
    """Return examples of a market in which these weights hold."""
    chance = np.random.default_rng(seed)
    rows_of_features = [
        {feature.name: float(value) for feature, value in zip(FEATURES, row, strict=True)}
        for row in chance.random((rows, len(FEATURES)))
    ]
    true = np.array([(ZEROS | weights)[name] for name in COLUMNS])
    examples = Examples.of(rows_of_features, [False] * rows)
    outcomes = chance.random(rows) < sigmoid(examples.features @ true)
    return Examples(examples.features, outcomes.astype(float))


class TestTraining:
    def test_beats_the_experts_where_they_are_wrong(self) -> None:
        accept = make_examples(8000, base=0.5, distance_ratio=1.5, rating=-1.0)
        artifact, accepting, _winning = train(accept, accept.part(0, 0.1))
        assert accepting.learned.log_loss < accepting.experts.log_loss - 0.05
        assert accepting.learned.examples == 1600
        assert artifact.accept.weights["distance_ratio"] > EXPERT_WEIGHTS["distance_ratio"] + 0.5

    def test_stays_with_the_experts_where_nothing_is_known_of_winning(self) -> None:
        nothing = make_examples(0)
        artifact, _accepting, winning = train(make_examples(60), nothing)
        assert artifact.win.weights["win_rate"] == 1.5
        assert math.isnan(winning.learned.log_loss)

    def test_of_too_few_offers_is_refused(self) -> None:
        with pytest.raises(TooFewExamples, match="Cannot train on 49 answered offers"):
            train(make_examples(49), make_examples(0))

    def test_judges_what_came_last(self) -> None:
        examples = make_examples(1000)
        halves = [judge(examples.part(begin, begin + 0.5), Stage(ZEROS)) for begin in (0, 0.5)]
        assert [one.examples for one in halves] == [500, 500]
        assert [one.log_loss for one in halves] == pytest.approx([math.log(2)] * 2)


class TestAnArtifact:
    def artifact(self) -> Artifact:
        calibration = Calibration((0.1, 0.9), (0.2, 0.6))
        return Artifact(Stage(ZEROS | {"rating": 2.0}, calibration), Stage(ZEROS))

    def test_is_the_same_after_its_way_through_json(self) -> None:
        document = json.loads(json.dumps(self.artifact().to_json()))
        assert Artifact.from_json(document) == self.artifact()

    @pytest.mark.parametrize(
        "change",
        [
            lambda d: d.update(kind="pickle"),
            lambda d: d["accept"]["weights"].pop("rating"),
            lambda d: d["accept"]["weights"].update(shoe_size=1.0),
            lambda d: d["accept"]["weights"].update(rating="much"),
            lambda d: d["accept"]["weights"].update(rating=math.inf),
            lambda d: d["win"].update(calibration=[[0.9, 0.1], [0.1, 0.2]]),
            lambda d: d.pop("win"),
        ],
    )
    def test_that_is_none_is_refused(self, change: Any) -> None:
        document = copy.deepcopy(self.artifact().to_json())
        change(document)
        with pytest.raises(ArtifactUnreadable, match="Cannot read"):
            Artifact.from_json(document)

    def test_ranks_by_its_weights_and_calibration(self) -> None:
        model = self.artifact().as_model("learned/7")
        (low, high) = model.rank(
            [make_candidate(1, features={"rating": 0.0}), make_candidate(2, features={"rating": 1.0})]
        )
        expected = [
            float(Calibration((0.1, 0.9), (0.2, 0.6)).apply(np.array([p]))[0]) for p in (0.5, 0.880797)
        ]
        assert [low.probability, high.probability] == pytest.approx(expected, abs=1e-6)
        assert high.win_probability == 0.5


@pytest.mark.django_db
class TestServing:
    def test_is_by_the_experts_until_a_model_is_promoted(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1):
            models = find_models()
        assert (models.champion.version, models.shadow) == ("expert/2", None)

    def test_is_by_the_champion_and_along_by_the_shadow(self, django_assert_num_queries: Any) -> None:
        champion, shadow = make_ranking_model(rating=9.0), make_ranking_model(rating=-9.0)
        champion.promote(by=chief(), although_no_better=True)
        shadow.try_in_shadow(by=chief())
        find_models()
        with django_assert_num_queries(1):
            models = find_models()
        assert models.shadow is not None
        assert (models.champion.version, models.shadow.version) == (str(champion), str(shadow))
        bad, good = (make_candidate(n, features={"rating": value}) for n, value in ((1, 0.0), (2, 1.0)))
        ranking = rank_candidates(REQUEST, [bad, good], model=models.champion)
        assert [one.candidate.provider_id for one in ranking.ranked] == [2, 1]

    def test_retires_the_one_before_and_takes_it_back(self) -> None:
        first, second = make_ranking_model(), make_ranking_model()
        first.promote(by=chief(), although_no_better=True)
        second.promote(by=chief(), although_no_better=True)
        first.refresh_from_db()
        assert (first.status, second.status) == ("retired", "champion")
        first.promote(by=chief(), although_no_better=True)
        assert find_models().champion.version == str(first)

    def test_falls_back_to_the_experts_and_says_so_when_it_cannot_be_read(self) -> None:
        model = make_ranking_model()
        model.promote(by=chief(), although_no_better=True)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE matching_rankingmodel DISABLE TRIGGER ALL")
            cursor.execute("UPDATE matching_rankingmodel SET artifact = '{}' WHERE id = %s", [model.pk])
        assert find_models().champion.version == f"expert/2 (for {model}, which cannot be read)"

    def test_never_changes_what_a_model_weighs(self) -> None:
        model = make_ranking_model()
        with pytest.raises(IntegrityError, match="Cannot change the weights"):
            type(model)._base_manager.filter(pk=model.pk).update(artifact={})
