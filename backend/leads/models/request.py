"""What a client asks for: the part of a lead that decides which providers may have it."""

from __future__ import annotations

import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.catalog.models import Category
from backend.leads.models.choices import Urgency
from backend.users.models import Language

__all__ = ["MATERIAL_FIELDS", "REVISED_BY_ITS_TRANSITION", "ClientRequest"]

MATERIAL_FIELDS = ("category", "latitude", "longitude", "budget", "language")
"""What routing decides by: once a lead is offered, only its ``revise`` changes them."""

_MATERIAL_COLUMNS = ("category_id", "latitude", "longitude", "budget", "language")


def _row(version: str) -> str:
    return f"({', '.join(f'{version}.{column}' for column in _MATERIAL_COLUMNS)})"


# What offers were decided by does not change under them, not even by raw SQL: a transition raises the version.
REVISED_BY_ITS_TRANSITION = pgtrigger.Trigger(
    name="offered_lead_is_revised",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition(
        "OLD.status IN ('verified', 'quoted') AND OLD.version = NEW.version"
        f" AND {_row('OLD')} IS DISTINCT FROM {_row('NEW')}"
    ),
    func="RAISE EXCEPTION 'Cannot change what lead % asks for while it is offered: revise it.', NEW.id"
    " USING ERRCODE = 'check_violation';",
)


class ClientRequest(models.Model):
    """The request itself: what, where, for how much, how soon, in which language."""

    category = models.ForeignKey(
        Category, verbose_name=_("category"), on_delete=models.PROTECT, related_name="leads"
    )
    title = models.CharField(_("title"), max_length=160)
    text = models.TextField(_("what the client asks for"), blank=True)
    place_name = models.CharField(_("place"), max_length=120, blank=True)
    latitude = models.FloatField(_("latitude"), validators=[MinValueValidator(-90), MaxValueValidator(90)])
    longitude = models.FloatField(
        _("longitude"), validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    budget = models.DecimalField(
        _("budget"), max_digits=10, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    urgency = models.CharField(_("urgency"), max_length=10, choices=Urgency.choices, default=Urgency.FLEXIBLE)
    language = models.CharField(
        _("language"), max_length=5, choices=Language.choices, default=Language.ENGLISH
    )

    class Meta:
        abstract = True
