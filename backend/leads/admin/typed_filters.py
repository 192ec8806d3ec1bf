"""Filters of the list of leads into which one types, with suggestions: a place and how far around it, a provider."""

from __future__ import annotations

import math
from typing import Any

from django.contrib.admin import ListFilter
from django.core.exceptions import ValidationError
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Cos, Radians, Sin
from django.db.models.lookups import GreaterThanOrEqual
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backend.catalog.models import City
from backend.leads.admin.place_form import find_city
from backend.leads.admin.select_filter import Option
from backend.leads.models import LeadAssignment
from backend.matching.geography import EARTH_RADIUS_KM
from backend.users.models import ProviderProfile

__all__ = ["PlaceFilter", "ProviderFilter", "TypedFilter"]

SUGGESTIONS_MAX = 20
RADII_KM = (10, 25, 50, 100)
_RADIUS_KM = 25


class TypedFilter(ListFilter):
    """A filter with a text field; ``suggest`` says what may be meant by what was typed so far."""

    template = "leads/admin/filters/typed.html"
    parameter_name = ""
    hint: Any = ""

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.expected_parameters():
            if name and name in params:
                # The address may name it again and again: the last one counts.
                self.used_parameters[name] = str(params.pop(name)[-1])
        self.words: str = self.said(self.parameter_name).replace("\0", "").strip()

    def said(self, name: str | None) -> str:
        """Return what the address says for a parameter; "" when nothing."""
        return str(self.used_parameters.get(name or "", ""))

    @staticmethod
    def suggest(words: str) -> list[str]:
        """Return the texts that may be meant."""
        raise NotImplementedError

    def has_output(self) -> bool:
        """Return True: there is always something to type."""
        return True

    def expected_parameters(self) -> list[str | None]:
        """Return the parameters in the address."""
        return [self.parameter_name]

    def choices(self, changelist: Any) -> Any:
        """Return nothing to click on."""
        return iter(())


class PlaceFilter(TypedFilter):
    """Where the work is: around a city of the catalogue; else by the name of the place that the client gave."""

    title = gettext_lazy("place")
    template = "leads/admin/filters/place.html"
    parameter_name = "place"
    hint = gettext_lazy("A city, or a part of a place's name")

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        asked = self.said("within")
        self.radius_km = int(asked) if asked in map(str, RADII_KM) else _RADIUS_KM
        self.city = self._find_city()

    @staticmethod
    def suggest(words: str) -> list[str]:
        """Return the cities whose names begin so."""
        return [str(city) for city in City.objects.filter(name__istartswith=words)[:SUGGESTIONS_MAX]]

    def expected_parameters(self) -> list[str | None]:
        """Return the parameters in the address: the place, and how far around it."""
        return ["place", "within"]

    def list_radii(self) -> list[Option]:
        """Return the radii to choose from; that which is meant unless said otherwise stands in no address."""
        return [
            Option(
                value="" if radius_km == _RADIUS_KM else str(radius_km),
                label=f"{radius_km} km",
                is_chosen=radius_km == self.radius_km,
            )
            for radius_km in RADII_KM
        ]

    def describe(self) -> str:
        """Return what the filter is set to; "" when nothing was typed."""
        if self.city is not None:
            return _("within %(radius)d km of %(city)s") % {"radius": self.radius_km, "city": self.city}
        return _("“%(words)s” in its name") % {"words": self.words} if self.words else ""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the leads whose work is there."""
        if self.city is not None:
            return queryset.filter(_is_around(self.city.latitude, self.city.longitude, self.radius_km))
        return queryset.filter(place_name__icontains=self.words) if self.words else queryset

    def _find_city(self) -> City | None:
        try:
            return find_city(self.words) if self.words else None
        except ValidationError:
            return None


class ProviderFilter(TypedFilter):
    """To whom a lead was offered, whatever became of the offer."""

    title = gettext_lazy("offered to")
    parameter_name = "provider"
    hint = gettext_lazy("A company, or a part of its name")

    @staticmethod
    def suggest(words: str) -> list[str]:
        """Return the companies whose names hold this."""
        named = ProviderProfile._base_manager.filter(company_name__icontains=words).order_by("company_name")
        return list(named.values_list("company_name", flat=True).distinct()[:SUGGESTIONS_MAX])

    def describe(self) -> str:
        """Return what the filter is set to; "" when nothing was typed."""
        return self.words

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the leads offered to a company of this name; where none is called so, to those whose names hold it."""
        if not self.words:
            return queryset
        providers = ProviderProfile._base_manager.all()
        exact = list(providers.filter(company_name__iexact=self.words).values_list("pk", flat=True))
        named = Q(provider__in=exact) if exact else Q(provider__company_name__icontains=self.words)
        offers = LeadAssignment._base_manager.filter(named, lead=OuterRef("pk")).order_by()
        return queryset.filter(Exists(offers))


def _is_around(latitude: float, longitude: float, radius_km: float) -> Q:
    """Return the condition that a lead is within a circle: in its box, which an index finds, and exactly.

    A box that reaches a pole or the antimeridian is only bounded north and south.
    """
    angle, phi = radius_km / EARTH_RADIUS_KM, math.radians(latitude)
    height = math.degrees(angle)
    box = Q(latitude__gte=latitude - height, latitude__lte=latitude + height)
    if abs(phi) + angle < math.pi / 2:
        width = math.degrees(math.asin(math.sin(angle) / math.cos(phi)))
        if abs(longitude) + width < 180:
            box &= Q(longitude__gte=longitude - width, longitude__lte=longitude + width)
    cosine = Sin(Radians(F("latitude"))) * math.sin(phi) + Cos(Radians(F("latitude"))) * math.cos(phi) * Cos(
        Radians(F("longitude")) - math.radians(longitude)
    )
    return box & Q(GreaterThanOrEqual(cosine, math.cos(angle)))
