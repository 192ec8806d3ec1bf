"""Where something is: the coordinates, or the name of a city whose coordinates they are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from backend.catalog.models import City

__all__ = ["PlaceForm", "SuggestingTextInput"]

# "Berlin", "Berlin (DE)" or "Berlin, DE".
_NAMED = re.compile(r"^(?P<name>.+?)(?:\s*\(\s*(?P<inside>[a-zA-Z]{2})\s*\)|\s*,\s*(?P<after>[a-zA-Z]{2}))?$")


class SuggestingTextInput(UnfoldAdminTextInputWidget):
    """A text field that suggests what may be written; works without scripts."""

    template_name = "leads/admin/suggesting_input.html"

    def __init__(self, suggestions: Iterable[str] = (), **options: Any) -> None:
        super().__init__(**options)
        self.suggestions = suggestions

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Return the context of the template, with the suggestions and the name of their list."""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        list_id = f"{context['widget']['attrs'].get('id', name)}_suggestions"
        context["widget"]["attrs"] |= {"list": list_id, "autocomplete": "off"}
        context["widget"] |= {"suggestions": list(self.suggestions), "list_id": list_id}
        return context


class PlaceForm(forms.ModelForm):  # type: ignore[type-arg]  # the models differ
    """Form of a model with ``place_name``, ``latitude`` and ``longitude``: what is left empty, the city says."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "place_name" not in self.fields:
            return
        cities = (str(city) for city in City.objects.all())
        self.fields["place_name"].widget = SuggestingTextInput(cities)
        self.fields["place_name"].help_text = gettext_lazy(
            "A city, such as Berlin or Berlin (DE), gives the coordinates where they are left empty."
        )
        for name in ("latitude", "longitude"):
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        """Fill in the coordinates of the city.  Adds an error when there are none to be had."""
        given = super().clean() or self.cleaned_data
        if "place_name" in given and not {"latitude", "longitude"} & self.errors.keys():
            self._fill_coordinates(given)
        return given

    def _fill_coordinates(self, given: dict[str, Any]) -> None:
        missing = [name for name in ("latitude", "longitude") if given[name] is None]
        if len(missing) == 1:
            self.add_error(missing[0], _("Give both coordinates, or neither and a city."))
        elif missing:
            try:
                city = find_city(given["place_name"])
            except forms.ValidationError as error:
                self.add_error("place_name", error)
                return
            given |= {"place_name": city.name, "latitude": city.latitude, "longitude": city.longitude}


def find_city(words: str) -> City:
    """Return the city that is meant by ``Berlin``, ``Berlin (DE)`` or ``Berlin, DE``.

    Raises: django.core.exceptions.ValidationError when there is none of this name, or more than one.
    """
    match = _NAMED.match(words.strip())
    if match is None:
        raise forms.ValidationError(_("Name a city, or give coordinates."))
    cities = City.objects.filter(name__iexact=match["name"])
    if country_code := match["inside"] or match["after"]:
        cities = cities.filter(country_code__iexact=country_code)
    found = list(cities[:5])
    if not found:
        raise forms.ValidationError(
            _("“%(name)s” is no city that we know: give coordinates, or add the city.") % {"name": words}
        )
    if len(found) > 1:
        names = ", ".join(map(str, found))
        raise forms.ValidationError(_("Several cities have this name: %(names)s.") % {"names": names})
    return found[0]
