"""The form of a transition's arguments, made from the signature of its body."""

from __future__ import annotations

import datetime
import decimal
import enum
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.errors import DefinitionError
from workflows.machine import Argument

__all__ = ["ArgumentForm", "ObjectField", "SeenForm", "argument_form", "field_for", "is_consent"]

CHOICES_MAX = 50
"""Objects that a list is offered of; where there are more, one is searched for."""
CANDIDATES_SHOWN = 5
Search = Callable[[QuerySet[Any], str], QuerySet[Any]]
"""Narrows objects down to those that some words find."""

_LONG_TEXTS = ("note", "text", "comment", "message", "description")


class SeenForm(forms.Form):
    """What the page showed when its button was made: the state and the version."""

    expect = forms.CharField(required=False, empty_value=None)
    expect_version = forms.IntegerField(required=False)


class ArgumentForm(forms.Form):
    """Arguments of one transition; its fields are added by :func:`argument_form`."""

    arguments: tuple[Argument, ...] = ()

    def given(self) -> dict[str, Any]:
        """Return what was given, for the call: an optional argument that was left alone is left out."""
        return {
            argument.name: self.cleaned_data[argument.name]
            for argument in self.arguments
            if argument.is_required or self._is_given(argument)
        }

    def _is_given(self, argument: Argument) -> bool:
        value = self.cleaned_data[argument.name]
        return value not in (None, "") and value != argument.default


def argument_form(
    fields: Mapping[str, forms.Field],
    arguments: tuple[Argument, ...],
    *,
    data: Mapping[str, Any] | None = None,
) -> ArgumentForm:
    """Return the form with these fields; its ids keep clear of those of the edit form on the same page."""
    form = ArgumentForm(data, auto_id="wf_%s")
    form.arguments = arguments
    form.fields.update(fields)
    return form


def is_consent(argument: Argument) -> bool:
    """Return whether an argument is a flag that is off unless somebody sets it.

    It is asked for only where a guard says that it would hold with it ("I vouch for the contact").
    """
    return argument.annotation is bool and argument.default is False


def field_for(
    argument: Argument,
    *,
    is_needed: bool = False,
    objects: QuerySet[Any] | None = None,
    search: Search | None = None,
) -> forms.Field:
    """Return the form field of an argument.

    ``is_needed``: a guard holds only with it.  ``objects`` are what one that names a model may be, ``search``
    finds among them.

    Raises: DefinitionError when no field is known for its type.
    """
    options = {
        "label": argument.label,
        "help_text": argument.help_text,
        "required": argument.is_required or is_needed,
        "initial": None if argument.is_required else argument.default,
    }
    annotation = argument.annotation
    if isinstance(annotation, type) and issubclass(annotation, Model):
        assert objects is not None
        return _object_field(objects, search, options)
    for kind, make in _FIELDS:
        if isinstance(annotation, type) and issubclass(annotation, kind):
            return make(argument, options)
    raise DefinitionError(
        f"Cannot make a form field for the argument '{argument.name}' of type {annotation!r}: "
        "return one from `field_for_argument` of the admin class."
    )


def _flag_field(argument: Argument, options: dict[str, Any]) -> forms.Field:
    # A flag without default must be answered, and "no" is an answer.
    required = options["required"] and not argument.is_required
    return forms.BooleanField(**{**options, "required": required})


def _enum_field(argument: Argument, options: dict[str, Any]) -> forms.Field:
    members = [(str(m.value), str(getattr(m, "label", m.name))) for m in argument.annotation]
    by_value = {str(member.value): member for member in argument.annotation}
    initial = options["initial"]
    return forms.TypedChoiceField(
        **{**options, "initial": initial.value if isinstance(initial, enum.Enum) else initial},
        choices=[("", _("Choose…")), *members],
        coerce=lambda value: by_value[str(value)],
        empty_value=None,
    )


def _text_field(argument: Argument, options: dict[str, Any]) -> forms.Field:
    is_long = argument.name in _LONG_TEXTS
    widget = forms.Textarea(attrs={"rows": 3}) if is_long else forms.TextInput()
    return forms.CharField(**options, widget=widget)


def _date_field(argument: Argument, options: dict[str, Any]) -> forms.Field:
    return forms.DateField(**options, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


def _datetime_field(argument: Argument, options: dict[str, Any]) -> forms.Field:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(**options, widget=widget)


_FIELDS: tuple[tuple[type, Callable[[Argument, dict[str, Any]], forms.Field]], ...] = (
    # The more special first: a TextChoices is a str, a bool is an int, a datetime is a date.
    (enum.Enum, _enum_field),
    (bool, _flag_field),
    (str, _text_field),
    (int, lambda argument, options: forms.IntegerField(**options)),
    (float, lambda argument, options: forms.FloatField(**options)),
    (decimal.Decimal, lambda argument, options: forms.DecimalField(**options)),
    (datetime.datetime, _datetime_field),
    (datetime.date, _date_field),
)


class ObjectField(forms.CharField):
    """An object written as its number or as words that find it alone: for lists too long to choose from."""

    default_error_messages = {
        "unknown": gettext_lazy("Nothing is found by “%(words)s”."),
        "ambiguous": gettext_lazy("“%(words)s” finds several: %(found)s. Write more of it, or its number."),
    }

    def __init__(self, objects: QuerySet[Any], *, search: Search | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.objects = objects
        self.search = search

    def clean(self, value: Any) -> Any:
        """Return the object.  Raises: ValidationError when none, or more than one, is found."""
        words = super().clean(value)
        if not words:
            return None
        found = self._find(words)
        if not found:
            raise forms.ValidationError(self.error_messages["unknown"], "unknown", {"words": words})
        if len(found) > 1:
            names = [f"{candidate} ({candidate.pk})" for candidate in found[:CANDIDATES_SHOWN]]
            shown = "; ".join([*names, _("and others")] if len(found) > CANDIDATES_SHOWN else names)
            params = {"words": words, "found": shown}
            raise forms.ValidationError(self.error_messages["ambiguous"], "ambiguous", params)
        return found[0]

    def _find(self, words: str) -> list[Any]:
        try:
            key = self.objects.model._meta.pk.to_python(words.removeprefix("#"))
        except forms.ValidationError:
            by_key = []
        else:
            by_key = list(self.objects.filter(pk=key))
        if by_key or not self.search:
            return by_key
        return list(self.search(self.objects, words)[: CANDIDATES_SHOWN + 1])


def _object_field(objects: QuerySet[Any], search: Search | None, options: dict[str, Any]) -> forms.Field:
    """Return a list to choose from where there are few, else a field to search with."""
    few = list(objects[: CHOICES_MAX + 1])
    if len(few) > CHOICES_MAX:
        help_text = options["help_text"] or _("Its number, or words that find it and it alone.")
        return ObjectField(objects, search=search, **{**options, "help_text": help_text})
    by_key = {str(candidate.pk): candidate for candidate in few}
    return forms.TypedChoiceField(
        **options,
        choices=[("", _("Choose…")), *((key, str(candidate)) for key, candidate in by_key.items())],
        coerce=lambda key: by_key[key],
        empty_value=None,
    )
