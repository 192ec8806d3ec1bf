"""Who acted: the named parts of the system that did, and people by their names."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Q

from workflows.actors import SYSTEM_PREFIX, USER_PREFIX

__all__ = ["PEOPLE_MAX", "find_people", "list_system_actors", "name_person"]

PEOPLE_MAX = 100
"""How many people a search by name may mean."""

# From each actor to the next one, a step in the index each, as long as they are parts of the system: those sort
# before all people.  (DISTINCT would read the whole index.)
_SYSTEM_ACTORS = """
    WITH RECURSIVE found (actor) AS (
        SELECT min(actor) FROM workflows_transitionrecord
        UNION ALL
        SELECT (SELECT min(later.actor) FROM workflows_transitionrecord later WHERE later.actor > found.actor)
          FROM found WHERE found.actor LIKE %(pattern)s
    )
    SELECT actor FROM found WHERE actor LIKE %(pattern)s
"""


def list_system_actors() -> list[str]:
    """Return the keys of all parts of the system that ever acted: ``system:timer``."""
    with connection.cursor() as cursor:
        cursor.execute(_SYSTEM_ACTORS, {"pattern": f"{SYSTEM_PREFIX}%"})
        return [row[0] for row in cursor.fetchall()]


def find_people(words: str) -> list[str]:
    """Return the keys of people in whose names or address all words occur; ``PEOPLE_MAX`` and one more at most."""
    model: Any = get_user_model()
    names = {field.name for field in model._meta.concrete_fields}
    searched = names & {model.USERNAME_FIELD, "first_name", "last_name", model.get_email_field_name()}
    found = model._default_manager.order_by("pk")
    for word in words.split():
        condition = Q()
        for name in sorted(searched):
            condition |= Q(**{f"{name}__icontains": word})
        found = found.filter(condition)
    return [f"{USER_PREFIX}{pk}" for pk in found.values_list("pk", flat=True)[: PEOPLE_MAX + 1]]


def name_person(key: str) -> str:
    """Return the name of a person (``user:7``); of somebody who is gone, the key."""
    user: Any = get_user_model()._default_manager.filter(pk=key.removeprefix(USER_PREFIX)).first()
    return str(user.get_full_name() or user.get_username()) if user else key
