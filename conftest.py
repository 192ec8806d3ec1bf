"""Fixtures of every test: a database whose audit log may be emptied between tests."""

from __future__ import annotations

import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

pytest_plugins = ["backend.procompare.tests.desk"]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Let Django's flush empty the log after a test that commits; every other trigger holds as it does in use."""
    from workflows.models import ProtectedStateLog, TransitionRecord

    triggers = [
        trigger.get_pgid(model)
        for model in (ProtectedStateLog, TransitionRecord)
        for trigger in vars(model._meta)["triggers"]
        if trigger.name.endswith("not_emptied")
    ]
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER DATABASE {name} SET pgtrigger.ignore = '{{{','.join(triggers)}}}'")
        connection.close()
