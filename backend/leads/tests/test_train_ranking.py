"""``manage.py train_ranking``: it learns from answered offers as ranking saw them, and promotes nothing."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from backend.leads.services.ranking_examples import read_examples
from backend.leads.tests.factories import QUOTES, chief, make_lead, make_market
from backend.matching.features import FEATURES
from backend.matching.models import RankingModel
from backend.matching.serving import find_models
from workflows import clock

pytestmark = pytest.mark.django_db


def train(*arguments: str) -> str:
    out = io.StringIO()
    call_command("train_ranking", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def answer_offers(leads: int) -> None:
    category = make_market(providers=5, open_offers_max=500, leads_per_day_max=500)
    for number in range(leads):
        lead = make_lead(category)
        lead.verify(by=chief())
        first, second, third, *_open = lead.assignments.order_by("rank")
        first.accept(by=chief())
        second.accept(by=chief())
        third.decline(by=chief(), reason="too_busy")
        if number % 2:
            lead.record_quote(by=QUOTES, assignment=first)
            lead.award(by=chief(), assignment=first)


def test_reads_each_answered_offer_with_the_features_that_ranking_saw() -> None:
    start = clock.now()
    answer_offers(2)
    examples = list(read_examples(start, clock.now()))
    # Of the lead that was won the two unanswered offers have lost: they say nothing.
    assert sorted((one.accepted, str(one.won)) for one in examples) == [
        (False, "None"),
        (False, "None"),
        (True, "False"),
        (True, "None"),
        (True, "None"),
        (True, "True"),
    ]
    assert all(one.features.keys() == {feature.name for feature in FEATURES} for one in examples)


def test_keeps_the_model_as_a_candidate_and_prints_how_it_does() -> None:
    answer_offers(18)
    printed = train("--note", "first")
    model = RankingModel.objects.get()
    assert (model.status, model.note, model.examples) == ("candidate", "first", 54)
    assert f"{model}: trained on 54 answered offers" in printed
    assert "P(wins once it has accepted)" in printed
    assert find_models().champion.version == "expert/2"
    figures = json.loads(train("--json"))
    assert figures["accept"]["learned"]["examples"] == 11
    printed = train("--kind", "trees")
    assert "Too few offers for trees" in printed
    model = RankingModel.objects.latest("pk")
    assert (model.status, model.artifact["kind"]) == ("candidate", "logistic/1")


def test_says_that_there_is_too_little_to_learn_from() -> None:
    with pytest.raises(CommandError, match=r"Cannot train on 0 answered offers.*Nothing was saved"):
        train()
    assert not RankingModel.objects.exists()
