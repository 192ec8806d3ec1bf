"""Save many objects of one model with one statement, as ``Model.save(update_fields=…)`` saves one."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from django.db import DatabaseError, connection, models
from django.db.models.signals import post_save, pre_save

__all__ = ["save_together"]


def save_together(instances: Sequence[models.Model], names: Collection[str]) -> None:
    """Write the named fields (by attribute) of objects whose rows are locked; Django's signals are sent for each.

    Raises: django.db.DatabaseError when the row of one does not exist.
    """
    model = type(instances[0])
    fields = [field for field in model._meta.concrete_fields if field.attname in names]
    announced: dict[str, Any] = {
        "raw": False,
        "using": connection.alias,
        "update_fields": frozenset(names),
    }
    for instance in instances:
        pre_save.send(sender=model, instance=instance, **announced)
    _update(model, fields, instances)
    for instance in instances:
        post_save.send(sender=model, instance=instance, created=False, **announced)


def _update(
    model: type[models.Model],
    fields: Sequence[models.Field[Any, Any]],
    instances: Sequence[models.Model],
) -> None:
    quote = connection.ops.quote_name
    columns = [quote(str(field.column)) for field in fields]
    changes = [
        f"{column} = new.{column}::{_type_of(field)}" for column, field in zip(columns, fields, strict=True)
    ]
    row = f"({', '.join(['%s'] * (len(fields) + 1))})"
    sql = (
        f"UPDATE {quote(model._meta.db_table)} AS old SET {', '.join(changes)} "  # noqa: S608  names of Django's alone
        f"FROM (VALUES {', '.join([row] * len(instances))}) AS new ({', '.join(['key', *columns])}) "
        f"WHERE old.{quote(str(_key_of(model).column))} = new.key"
    )
    values = [value for instance in instances for value in (instance.pk, *_values_of(instance, fields))]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        if cursor.rowcount != len(instances):
            missing = len(instances) - cursor.rowcount
            raise DatabaseError(
                f"Cannot save {len(instances)} {model._meta.verbose_name_plural}: {missing} are gone."
            )


def _key_of(model: type[models.Model]) -> Any:
    return model._meta.pk


def _values_of(instance: models.Model, fields: Sequence[models.Field[Any, Any]]) -> list[Any]:
    return [field.get_db_prep_save(field.pre_save(instance, add=False), connection) for field in fields]


def _type_of(field: models.Field[Any, Any]) -> str:
    """Return the type of a column without its length: a cast to that would cut off what is too long."""
    return re.sub(r"\([\d,\s]*\)", "", str(field.db_type(connection)))
