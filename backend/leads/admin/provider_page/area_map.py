"""The map of a service area: a drawing to scale from coordinates alone, as frozen values for its template."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from backend.catalog.models import City
from backend.leads.admin.provider_page.map_labels import Box, Label, Labels
from backend.leads.admin.provider_page.projection import Place, Projection
from backend.leads.models import LeadAssignment
from backend.users.models import ProviderProfile

__all__ = ["HEIGHT", "WIDTH", "AreaMap", "CityDot", "Key", "Point", "ScaleBar", "build_area_map"]

WIDTH, HEIGHT = 440, 400
_MIDDLE = (WIDTH / 2, HEIGHT / 2)
_RIM = 160
"""The radius of the service area in the drawing: room around it shows what is near."""
_KM_A_DEGREE = 111.2
_SCALE_LENGTH_MAX = WIDTH / 4
_EDGE = 14

# Each outcome has a shape of its own, so that colour only helps: drawn around (0, 0), 10 units high.
_SHAPES = {
    "offered": "M0 -5A5 5 0 1 1 0 5A5 5 0 1 1 0 -5Z",
    "accepted": "M0 -5A5 5 0 1 1 0 5A5 5 0 1 1 0 -5Z",
    "won": "M0 -7L1.8 -2.2L6.7 -2.2L2.8 .9L4.1 5.7L0 2.9L-4.1 5.7L-2.8 .9L-6.7 -2.2L-1.8 -2.2Z",
    "declined": "M-4 -4L4 4M-4 4L4 -4",
    "expired": "M0 -5L5 4L-5 4Z",
    "withdrawn": "M-5 0L5 0",
    "lost": "M-4 -4H4V4H-4Z",
}


@dataclass(frozen=True, slots=True)
class CityDot:
    """A city of the catalogue, with its name beside it."""

    x: float
    y: float
    label: Label


@dataclass(frozen=True, slots=True)
class Point:
    """A lead that was offered: ``outcome`` is the state of the offer, ``words`` tell which lead it is."""

    x: float
    y: float
    outcome: str
    shape: str
    words: str
    lead_id: int


@dataclass(frozen=True, slots=True)
class Key:
    """One line of the legend: what a shape stands for, and how often it is drawn."""

    outcome: str
    shape: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A round distance, and how long it is in the drawing."""

    words: str
    length: float


@dataclass(frozen=True, slots=True)
class AreaMap:
    """The drawing; ``has_offers`` is False for whoever may not see them."""

    description: str
    rim: Label
    home: Label | None
    cities: tuple[CityDot, ...]
    points: tuple[Point, ...]
    legend: tuple[Key, ...]
    scale_bar: ScaleBar
    outside_count: int
    has_offers: bool
    view_box: str = f"0 0 {WIDTH} {HEIGHT}"
    x: float = _MIDDLE[0]
    y: float = _MIDDLE[1]
    radius: int = _RIM

    @property
    def scale_start(self) -> tuple[int, int]:
        """Return where the scale bar begins."""
        return _EDGE, HEIGHT - _EDGE


def build_area_map(provider: ProviderProfile, offers: Sequence[LeadAssignment] | None) -> AreaMap:
    """Draw a service area with leads that were offered (None: the reader may not see them); one statement.

    Cities are named from the middle outwards as long as there is room.
    """
    centre = (provider.latitude, provider.longitude)
    projection = Projection(centre, *_MIDDLE, scale=_RIM / provider.radius_km)
    scale_bar = _scale_bar(projection.scale)
    labels = Labels(Box(0, 0, WIDTH, HEIGHT))
    rim = _reserve(labels, scale_bar, radius_km=provider.radius_km)
    home = labels.write(_home_of(provider), x=_MIDDLE[0], y=_MIDDLE[1], gap=12)
    cities = _city_dots(_list_others(provider, projection.scale), projection, labels)
    all_points = [_point(offer, projection) for offer in offers or ()]
    points = tuple(point for point in all_points if _is_inside(point.x, point.y))
    return AreaMap(
        description=_describe(provider, cities, points),
        rim=rim,
        home=home,
        cities=cities,
        points=points,
        legend=_legend(points),
        scale_bar=scale_bar,
        outside_count=len(all_points) - len(points),
        has_offers=offers is not None,
    )


def _reserve(labels: Labels, scale_bar: ScaleBar, *, radius_km: float) -> Label:
    """Keep the room of what is always drawn, and return the label of the rim."""
    x, y = _MIDDLE
    rim = Label(_km(radius_km), x, y - _RIM - 6, "middle")
    labels.reserve(rim.box)
    labels.reserve(Box(x - 9, y - 9, x + 9, y + 9))
    labels.reserve(Box(0, HEIGHT - 3 * _EDGE, 2 * _EDGE + scale_bar.length, HEIGHT))
    return rim


def _home_of(provider: ProviderProfile) -> str:
    return provider.place_name or provider.company_name


def _list_others(provider: ProviderProfile, scale: float) -> list[tuple[str, Place]]:
    """Return the cities as far north or south as the drawing reaches, without its own; one statement."""
    degrees = math.hypot(*_MIDDLE) / scale / _KM_A_DEGREE
    north, south = provider.latitude + degrees, provider.latitude - degrees
    rows = (
        City.objects.filter(latitude__range=(south, north)).exclude(name=provider.place_name).order_by("pk")
    )
    named = rows.values_list("name", "latitude", "longitude")
    return [(name, (latitude, longitude)) for name, latitude, longitude in named]


def _city_dots(
    cities: Sequence[tuple[str, Place]], projection: Projection, labels: Labels
) -> tuple[CityDot, ...]:
    placed = [(name, *projection.place(place)) for name, place in cities]
    placed.sort(key=lambda one: (round(math.dist(one[1:], _MIDDLE), 3), one[0]))
    dots = []
    for name, x, y in placed:
        if (
            _is_inside(x, y)
            and math.dist((x, y), _MIDDLE) > _EDGE
            and (label := labels.write(name, x=x, y=y))
        ):
            dots.append(CityDot(x, y, label))
    return tuple(dots)


def _point(offer: LeadAssignment, projection: Projection) -> Point:
    lead = offer.lead
    x, y = projection.place((lead.latitude, lead.longitude))
    offered = date_format(localtime(offer.created_at), "j M Y")
    words = f"{offer.get_status_display()} · {lead.reference} · {lead.title} · {offered}"
    return Point(x, y, offer.status, _SHAPES[offer.status], words, lead.pk)


def _legend(points: Sequence[Point]) -> tuple[Key, ...]:
    counts = Counter(point.outcome for point in points)
    return tuple(
        Key(status.value, _SHAPES[status.value], str(status.label), counts[status.value])
        for status in LeadAssignment.Status
        if counts[status.value]
    )


def _is_inside(x: float, y: float) -> bool:
    return 0 <= x <= WIDTH and 0 <= y <= HEIGHT


def _scale_bar(scale: float) -> ScaleBar:
    """Return the longest of 1, 2 or 5 times a power of ten that is not too long."""
    longest_km = _SCALE_LENGTH_MAX / scale
    power = 10 ** math.floor(math.log10(longest_km))
    km = max(step * power for step in (1, 2, 5) if step * power <= longest_km)
    return ScaleBar(_km(km), km * scale)


def _km(km: float) -> str:
    if km < 1:
        return _("%(length)s m") % {"length": f"{km * 1000:g}"}
    return _("%(length)s km") % {"length": number_format(f"{km:.10g}", use_l10n=True, force_grouping=True)}


def _describe(provider: ProviderProfile, cities: Sequence[CityDot], points: Sequence[Point]) -> str:
    parts = [
        _("%(radius)s around %(place)s (%(latitude).4f, %(longitude).4f); north is up.")
        % {
            "radius": _km(provider.radius_km),
            "place": _home_of(provider),
            "latitude": provider.latitude,
            "longitude": provider.longitude,
        }
    ]
    if cities:
        parts.append(_("Near it: %(cities)s.") % {"cities": ", ".join(dot.label.text for dot in cities)})
    if points:
        counted = ", ".join(f"{key.label.lower()} {key.count}" for key in _legend(points))
        parts.append(_("Leads that it was offered: %(counted)s.") % {"counted": counted})
    return " ".join(parts)
