"""Staff are told of an import once, however many leads it brings."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.leads.importing.tests.factories import import_leads, make_catalogue, write_file
from backend.leads.tests.factories import make_staff_in_group
from backend.notifications.models import Notification
from backend.users.models import User

pytestmark = pytest.mark.django_db

THREE = (
    "category,title,place,email\n"
    "plumbing,Tap,Mumbai,ann@example.com\n"
    "plumbing,Sink,Mumbai,bob@example.com\n"
    "plumbing,Pipe,Mumbai,cid@example.com\n"
)


def subjects(user: User) -> list[str]:
    return list(Notification.objects.filter(recipient=user).values_list("subject", flat=True))


class TestAnnouncements:
    def test_tell_verifiers_of_new_leads_and_dispatchers_of_those_without_a_provider(
        self, tmp_path: Path
    ) -> None:
        make_catalogue()
        verifier, dispatcher = make_staff_in_group("verify_lead"), make_staff_in_group("reroute_lead")
        path = write_file(tmp_path, THREE)
        name, voucher = path.name, make_staff_in_group("verify_lead")

        outcome = import_leads(path, "--verify", "--vouch-by", voucher.username)

        assert outcome.count("of them without a provider") == "3"
        assert subjects(verifier) == [f"3 leads imported from {name}"]
        assert subjects(dispatcher) == [f"3 of 3 leads of {name} found no provider"]
