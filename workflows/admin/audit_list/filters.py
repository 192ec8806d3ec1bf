"""The filters of the audit list, as they stand in its address."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any, cast

from django import forms
from django.contrib.contenttypes.models import ContentType
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workflows.actors import SYSTEM_PREFIX, Channel
from workflows.admin.audit_list.people import PEOPLE_MAX, find_people, list_system_actors, name_person
from workflows.admin.audit_list.visibility import Sight
from workflows.audit import CREATION
from workflows.models import TransitionRecord

__all__ = ["AuditFilters"]

_OBJECT = r"[a-z_][a-z0-9_]*\.[a-z0-9_]+:\d{1,18}"
_A_DAY = datetime.timedelta(days=1)

Choices = list[tuple[Any, Any]]


class AuditFilters(forms.Form):
    """What the list is narrowed by.  ``transition`` is ``machine:name``, ``object`` ``machine:id``, ``actor`` a key
    of the log; both dates belong to the range.  An address that makes no sense lists nothing, and says why.
    """

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=200,
        help_text=_("An object, words of a reason, the number of a request"),
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    machine = forms.ChoiceField(label=_("Of what"), required=False)
    transition = forms.ChoiceField(label=_("Transition"), required=False)
    actor = forms.ChoiceField(label=_("By"), required=False)
    person = forms.CharField(
        label=_("By somebody called"), required=False, max_length=100, help_text=_("Part of a name")
    )
    channel = forms.ChoiceField(label=_("Via"), required=False, choices=[("", _("All")), *Channel.choices])
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    object = forms.CharField(
        required=False, widget=forms.HiddenInput, validators=[RegexValidator(f"^{_OBJECT}$")]
    )
    request = forms.CharField(required=False, widget=forms.HiddenInput, max_length=64)

    def __init__(self, query: QueryDict, *, sight: Sight) -> None:
        """Read what is in the address; two statements at most, for the names of actors."""
        # Labels of its own: Django's ":" after each is a matter of language.
        super().__init__(query, label_suffix="")
        fields = cast(dict[str, Any], self.fields)
        machines: Choices = [(machine.label, machine.title) for machine in sight.machines]
        fields["machine"].choices = [("", _("Everything")), *machines]
        fields["transition"].choices = [("", _("All")), *_transitions(sight)]
        fields["actor"].choices = [("", _("Anybody")), *_actors(query.get("actor", ""))]

    @property
    def is_narrow(self) -> bool:
        """Return whether anything is filtered."""
        return any(self.data.get(name) for name in self.fields)

    @property
    def is_by_time(self) -> bool:
        """Return whether what is listed is a span of time."""
        return bool(self.cleaned_data.get("since") or self.cleaned_data.get("until"))

    def clean_q(self) -> str:
        """Return the words without the white space around them.  Raises: ValidationError for a NUL (Django's)."""
        return str(self.cleaned_data["q"]).strip()

    def clean_person(self) -> list[str] | None:
        """Return the keys of the people who are meant, None for anybody.

        Raises: ValidationError when they are too many.
        """
        if not self.cleaned_data["person"].strip():
            return None
        found = find_people(self.cleaned_data["person"])
        if len(found) > PEOPLE_MAX:
            raise forms.ValidationError(
                _("More than %(n)d people are called so: write more of the name.") % {"n": PEOPLE_MAX}
            )
        return found

    def clean(self) -> dict[str, Any]:
        """Raise: ValidationError when the range of dates ends before it begins."""
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", _("The range ends before it begins."))
        return self.cleaned_data

    def narrow(self, records: QuerySet[TransitionRecord]) -> QuerySet[TransitionRecord]:
        """Return the events that pass every filter but the search; those of a form with errors are none."""
        if not self.is_valid():
            return records.none()
        chosen = self.cleaned_data
        for name in ("machine", "actor", "channel"):
            if chosen[name]:
                records = records.filter(**{name: chosen[name]})
        if chosen["request"]:
            records = records.filter(request_id=chosen["request"])
        if chosen["person"] is not None:
            records = records.filter(actor__in=chosen["person"])
        if chosen["object"]:
            machine, _colon, pk = chosen["object"].partition(":")
            records = records.filter(machine=machine, object_id=int(pk))
        if chosen["transition"]:
            records = _of_transition(records, chosen["transition"])
        return _within(records, chosen["since"], chosen["until"])


def _transitions(sight: Sight) -> Iterator[tuple[str, Choices]]:
    for machine in sight.machines:
        named = [(CREATION, _("Created")), *((t.name, t.label) for t in machine.transitions)]
        yield machine.title, [(f"{machine.label}:{name}", label) for name, label in named]


def _actors(chosen: str) -> Choices:
    """Return the parts of the system, and the person who is chosen: people are too many to list."""
    choices: Choices = []
    if re.fullmatch(r"user:\d{1,9}", chosen):
        choices.append((chosen, name_person(chosen)))
    for key in list_system_actors():
        choices.append((key, _("system: %s") % key.removeprefix(SYSTEM_PREFIX)))
    return choices


def _of_transition(records: QuerySet[TransitionRecord], chosen: str) -> QuerySet[TransitionRecord]:
    """Return the events of a transition, by the table that has an index for it (``statelog_by_transition``)."""
    machine, _colon, name = chosen.partition(":")
    content_type = ContentType.objects.get_by_natural_key(*machine.split("."))
    return records.filter(log__content_type=content_type, log__transition=name)


def _within(
    records: QuerySet[TransitionRecord], since: datetime.date | None, until: datetime.date | None
) -> QuerySet[TransitionRecord]:
    if since:
        records = records.filter(log__timestamp__gte=_midnight(since))
    if until:
        # The last day there is has no day after it.
        records = records.filter(
            log__timestamp__lt=_midnight(min(until, datetime.date.max - _A_DAY) + _A_DAY)
        )
    return records


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))
