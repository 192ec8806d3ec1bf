"""What an object holds in memory: kept before a transition, put back when it fails, replaced by a fresh row."""

from __future__ import annotations

import copy
import datetime
import decimal
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import models

__all__ = ["Memory", "adopt", "changed_fields", "field_values"]


# What cannot be changed in place need not be copied: most fields of most models.
_IMMUTABLE = (
    type(None),
    str,
    int,
    float,
    decimal.Decimal,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    uuid.UUID,
)


@dataclass(frozen=True, slots=True)
class Memory:
    """The attributes and cached relations of one object at one moment."""

    instance: models.Model
    attributes: dict[str, Any]
    relations: dict[str, Any]

    @classmethod
    def of(cls, instance: models.Model) -> Memory:
        """Remember an object: field values are copied deep, so that a list changed in place comes back too."""
        attributes = dict(instance.__dict__)
        attributes.update(field_values(instance))
        return cls(instance, attributes, dict(instance._state.fields_cache))

    def restore(self) -> None:
        """Put the object back to what it held."""
        self.instance.__dict__.clear()
        self.instance.__dict__.update(self.attributes)
        self.instance._state.fields_cache = self.relations


def field_values(instance: models.Model) -> dict[str, Any]:
    """Return the loaded field values by attribute name, copied deep."""
    names = (field.attname for field in instance._meta.concrete_fields)
    return {name: _copy(instance.__dict__[name]) for name in names if name in instance.__dict__}


def changed_fields(instance: models.Model, before: dict[str, Any]) -> list[str]:
    """Return the attribute names of the fields that differ from what they were."""
    return [name for name, value in field_values(instance).items() if before.get(name, ...) != value]


def adopt(instance: models.Model, fresh: models.Model) -> None:
    """Make an object hold what a freshly read one holds; unsaved changes and cached relations are dropped."""
    for field in instance._meta.concrete_fields:
        instance.__dict__[field.attname] = fresh.__dict__[field.attname]
    instance._state.fields_cache = dict(fresh._state.fields_cache)
    instance._state.adding = False
    vars(instance).pop("_prefetched_objects_cache", None)


def _copy(value: Any) -> Any:
    return value if isinstance(value, _IMMUTABLE) else copy.deepcopy(value)
