"""Trees over the regressions: they see what sums cannot, keep to what everybody knows, and are served alike."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Any

import numpy as np
import pytest
from django.test import Client

from backend.matching.learning.artifact import Artifact, ArtifactUnreadable
from backend.matching.learning.calibration import AS_IT_IS
from backend.matching.learning.logistic import sigmoid
from backend.matching.learning.training import Examples, Trained, train
from backend.matching.learning.trees import ACCEPT_DIRECTIONS, ROUNDS
from backend.matching.models import RankingModel
from backend.matching.policy import rank_candidates
from backend.matching.ranking import COLUMNS
from backend.matching.serving import find_models
from backend.matching.tests.factories import NOW, make_candidate
from backend.matching.tests.test_policy import REQUEST
from backend.users.tests.factories import chief
from workflows import Channel, SystemActor, acting

LOSSES = {"learned": 0.5, "logistic": 0.6, "experts": 0.7}

Training = tuple[Artifact, Trained, Trained]


def make_rows(rows: int, *, seed: int) -> Any:
    """Return rows of features by chance, with the column of the base."""
    return np.column_stack([np.ones(rows), np.random.default_rng(seed).random((rows, len(COLUMNS) - 1))])


@pytest.fixture(scope="module")
def trained() -> Training:
    """Train on a market in which near leads are wanted by idle providers alone: no weighted sum says so."""
    rows = make_rows(4000, seed=5)
    near, idle = 1 - rows[:, COLUMNS.index("distance_ratio")], rows[:, COLUMNS.index("idle")]
    likely = sigmoid(6 * near * (idle > 0.6) - 2)
    outcomes = (np.random.default_rng(6).random(len(rows)) < likely).astype(float)
    return train(Examples(rows, outcomes), Examples(rows[:0], outcomes[:0]), with_trees=True)


class TestTrees:
    def test_see_what_a_weighted_sum_cannot(self, trained: Training) -> None:
        artifact, accepting, winning = trained
        assert accepting.logistic is not None
        assert accepting.learned.log_loss < accepting.logistic.log_loss - 0.01
        assert accepting.learned.examples == accepting.logistic.examples == accepting.experts.examples == 800
        assert artifact.accept.trees is not None
        assert len(artifact.accept.trees) == ROUNDS
        assert winning.stage.trees is None

    @pytest.mark.parametrize("name", ACCEPT_DIRECTIONS)
    def test_never_go_against_what_everybody_knows(self, trained: Training, name: str) -> None:
        rows, steps = make_rows(300, seed=7), []
        for value in np.linspace(0, 1, 21):
            rows[:, COLUMNS.index(name)] = value
            steps.append(trained[0].accept.log_odds(rows))
        assert (np.diff(steps, axis=0) * ACCEPT_DIRECTIONS[name] >= -1e-12).all()

    def test_contribute_what_adds_up_to_the_log_odds(self, trained: Training) -> None:
        artifact = trained[0]
        uncalibrated = Artifact(dataclasses.replace(artifact.accept, calibration=AS_IT_IS), artifact.win)
        candidates = [
            make_candidate(number, features=dict(zip(COLUMNS, row.tolist(), strict=True)))
            for number, row in enumerate(make_rows(50, seed=8))
        ]
        for one in uncalibrated.as_model("learned/7").rank(candidates):
            log_odds = sum(part.contribution for part in one.parts)
            assert one.probability == pytest.approx(1 / (1 + np.exp(-log_odds)), abs=1e-12)
            assert [part.feature for part in one.parts] == list(COLUMNS)

    def test_score_nobody_when_there_is_nobody(self, trained: Training) -> None:
        assert trained[0].as_model("learned/7").rank([]) == ()


class TestTheirArtifact:
    def test_is_the_same_after_its_way_through_json(self, trained: Training) -> None:
        artifact, rows = trained[0], make_rows(100, seed=9)
        again = Artifact.from_json(json.loads(json.dumps(artifact.to_json())))
        assert (again, again.kind) == (artifact, "trees/1")
        assert again.accept.log_odds(rows).tolist() == artifact.accept.log_odds(rows).tolist()

    @pytest.mark.parametrize("text", ["", "tree", None, 7])
    def test_that_is_none_is_refused(self, trained: Training, text: Any) -> None:
        document = trained[0].to_json()
        document["accept"]["trees"] = text
        with pytest.raises(ArtifactUnreadable, match="Cannot read the trees"):
            Artifact.from_json(document)

    def test_for_other_features_is_refused(self, trained: Training) -> None:
        document = trained[0].to_json()
        document["accept"]["trees"] = document["accept"]["trees"].replace("tenure", "length")
        with pytest.raises(ArtifactUnreadable, match="their features are others"):
            Artifact.from_json(document)


@pytest.mark.django_db
class TestServing:
    def test_is_by_the_trees_when_they_are_promoted(self, trained: Training) -> None:
        model = promote(trained[0])
        near = {"distance_ratio": 0.0}
        idle, busy = (make_candidate(n, features=near | {"idle": v}) for n, v in ((1, 1.0), (2, 0.0)))
        ranking = rank_candidates(REQUEST, [busy, idle], model=find_models().champion)
        assert [one.candidate.provider_id for one in ranking.ranked] == [1, 2]
        assert ranking.version.endswith(f" · {model}")

    def test_is_by_the_experts_where_trees_cannot_be_read(
        self, trained: Training, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        model = promote(trained[0])
        # As on a machine without OpenMP, where LightGBM cannot be imported.
        monkeypatch.setitem(sys.modules, "lightgbm", None)
        assert find_models().champion.version == f"expert/2 (for {model}, which cannot be read)"

    def test_shows_what_the_trees_are_good_for_on_its_page(self, trained: Training, client: Client) -> None:
        model = promote(trained[0])
        client.force_login(chief())
        page = client.get(f"/admin/matching/rankingmodel/{model.pk}/change/").content.decode()
        assert "gradient-boosted trees over logistic regressions" in page
        assert "Without its trees" in page
        assert [figure for figure in ("0.5000", "0.6000", "0.7000") if figure not in page] == []


METRICS = {"accept": {who: {"log_loss": loss} for who, loss in LOSSES.items()}}


def promote(artifact: Artifact) -> RankingModel:
    """Return the artifact as the champion."""
    with acting(by=SystemActor("test"), channel=Channel.COMMAND):
        model: RankingModel = RankingModel.objects.create(
            artifact=artifact.to_json(),
            metrics=METRICS,
            examples=0,
            trained_from_at=NOW,
            trained_until_at=NOW,
        )
    model.promote(by=chief(), although_no_better=True)
    return model
