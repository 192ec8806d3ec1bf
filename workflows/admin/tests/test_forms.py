"""The form field of every kind of argument."""

from __future__ import annotations

import datetime
import decimal
import enum
import inspect
from typing import Any

import pytest
from django import forms
from django.contrib.auth import get_user_model
from django.test import RequestFactory

from workflows import machine_of
from workflows.admin.forms import CHOICES_MAX, ArgumentForm, argument_form, field_for, is_consent
from workflows.admin.tests.sites import stock
from workflows.errors import DefinitionError
from workflows.machine import Argument
from workflows.tests.factories import make_item, make_parcel
from workflows.tests.toyapp.models import Item, Parcel, ReturnReason


class Size(enum.Enum):
    SMALL = 1
    LARGE = 2


def argument(annotation: Any, default: Any = inspect.Parameter.empty, *, name: str = "value") -> Argument:
    return Argument(name, "Value", annotation, default, default is inspect.Parameter.empty, "Help")


def form_of(asked: Argument, value: str, **options: Any) -> ArgumentForm:
    data = {asked.name: value} if value else {}
    return argument_form({asked.name: field_for(asked, **options)}, (asked,), data=data)


class TestFieldFor:
    @pytest.mark.parametrize(
        ("annotation", "typed", "read"),
        [
            (str, "left at the door", "left at the door"),
            (int, "7", 7),
            (float, "0.5", 0.5),
            (decimal.Decimal, "12.30", decimal.Decimal("12.30")),
            (datetime.date, "2026-03-01", datetime.date(2026, 3, 1)),
            (
                datetime.datetime,
                "2026-03-01T12:30",
                datetime.datetime(2026, 3, 1, 12, 30, tzinfo=datetime.UTC),
            ),
            (ReturnReason, "moved", ReturnReason.MOVED),
            (Size, "2", Size.LARGE),
            (bool, "on", True),
        ],
    )
    def test_reads_what_was_typed_as_the_type_of_the_argument(
        self, annotation: Any, typed: str, read: Any
    ) -> None:
        form = form_of(argument(annotation), typed)

        assert form.is_valid(), form.errors
        assert form.given() == {"value": read}
        assert type(form.given()["value"]) is type(read)

    @pytest.mark.parametrize("annotation", [str, int, datetime.date, ReturnReason])
    def test_must_be_filled_in_without_a_default(self, annotation: Any) -> None:
        form = form_of(argument(annotation), "")

        assert not form.is_valid()
        assert form.errors == {"value": ["This field is required."]}

    def test_takes_no_for_an_answer_to_a_flag_without_default(self) -> None:
        form = form_of(argument(bool), "")

        assert form.is_valid()
        assert form.given() == {"value": False}

    def test_insists_on_a_flag_without_which_a_guard_does_not_hold(self) -> None:
        form = form_of(argument(bool, False), "", is_needed=True)

        assert not form.is_valid()

    def test_leaves_out_what_was_left_alone(self) -> None:
        form = form_of(argument(str, ""), "")

        assert form.is_valid()
        assert form.given() == {}

    def test_starts_with_the_default(self) -> None:
        assert field_for(argument(ReturnReason, ReturnReason.MOVED)).initial == "moved"

    def test_refuses_a_choice_that_there_is_not(self) -> None:
        assert not form_of(argument(ReturnReason), "stolen").is_valid()

    def test_gives_a_note_more_room_than_a_name(self) -> None:
        assert isinstance(field_for(argument(str, "", name="note")).widget, forms.Textarea)
        assert type(field_for(argument(str, "", name="receiver")).widget) is forms.TextInput

    def test_says_which_argument_it_knows_no_field_for(self) -> None:
        with pytest.raises(DefinitionError, match="the argument 'value' of type <class 'bytes'>"):
            field_for(argument(bytes))


@pytest.mark.django_db
class TestFieldForAnObject:
    def test_offers_few_to_choose_from(self) -> None:
        parcel = make_parcel()
        book, _lamp = make_item(parcel, "book"), make_item(parcel, "lamp")
        field = field_for(argument(Item), objects=Item.objects.order_by("pk"))

        assert [label for _key, label in field.choices] == ["Choose…", "book", "lamp"]
        assert field.clean(str(book.pk)) == book
        with pytest.raises(forms.ValidationError):
            field.clean("0")

    def test_lets_one_of_many_be_found_by_number_or_words(self) -> None:
        parcels = [make_parcel(sender=f"Sender {n}") for n in range(CHOICES_MAX + 1)]
        request = RequestFactory().get("/")
        asked = argument(Parcel)
        field = stock.get_model_admin(Parcel).field_for_argument(
            request, make_parcel(), machine_of(Parcel).transition("send"), asked
        )

        assert field.clean(f"#{parcels[3].pk}") == parcels[3]
        assert field.clean("Sender 50") == parcels[50]
        with pytest.raises(forms.ValidationError, match="Nothing is found by “Bob”"):
            field.clean("Bob")
        with pytest.raises(forms.ValidationError, match=r"“Sender 5” finds several: Parcel \d+ \(\d+\); "):
            field.clean("Sender 5")


@pytest.mark.django_db
class TestArgumentQueryset:
    def offered(self, parcel: Parcel, model: Any) -> set[Any]:
        admin = stock.get_model_admin(Parcel)
        transition = machine_of(Parcel).transition("send")
        request = RequestFactory().get("/")
        return set(admin.argument_queryset(request, parcel, transition, argument(model)))

    def test_offers_what_points_at_the_object_and_nothing_of_others(self) -> None:
        parcel, other = make_parcel(), make_parcel()
        book, _others_book = make_item(parcel), make_item(other)

        assert self.offered(parcel, Item) == {book}

    def test_offers_every_other_object_of_the_same_model(self) -> None:
        parcel, other = make_parcel(), make_parcel()

        assert self.offered(parcel, Parcel) == {other}

    def test_offers_all_of_an_unrelated_model(self) -> None:
        user = get_user_model().objects.create_user("u")

        assert self.offered(make_parcel(), get_user_model()) == {user}


class TestIsConsent:
    def test_is_a_flag_that_is_off_by_default(self) -> None:
        assert is_consent(argument(bool, False))
        assert not is_consent(argument(bool))
        assert not is_consent(argument(bool, True))
        assert not is_consent(argument(str, ""))
