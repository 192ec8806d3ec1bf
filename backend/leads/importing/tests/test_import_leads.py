"""``manage.py import_leads`` from the file to the leads."""

from __future__ import annotations

import datetime
import gzip
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.catalog.models import Category
from backend.leads.importing.preparation import ImportOptions, prepare_run
from backend.leads.importing.run import Unseen
from backend.leads.importing.summary import Summary, format_summary
from backend.leads.importing.tests.factories import (
    MUMBAI,
    count_rows,
    import_leads,
    make_catalogue,
    write_file,
)
from backend.leads.importing.verification import Verification
from backend.leads.models import Lead, LeadAssignment, LeadContact
from backend.leads.services.contacts import confirm_contact
from backend.leads.tests.factories import chief, make_lead, make_provider
from backend.notifications.models import Notification
from backend.users.models import User
from workflows import TransitionRecord, clock

HEADER = "category,title,place,email,phone\n"
ANN = "plumbing,Tap,Mumbai,ann@example.com,\n"
BOB = "plumbing,Sink,Mumbai,,+49 170 1234567\n"

# The header of an export from another system, with the comma at its end.
EXPORT = (
    "Prospect ID,Lead Number,Lead Origin,Country,City,Last Notable Activity,\n"
    "7927b2df,660737,API,,Select,Modified,\n"
    "2a272436,660728,API,India,Mumbai,Email Opened,\n"
    '8cc8c611,660727,Landing Page,India,Thane & Outskirts,"Email, opened",\n'
    "0cc2df48,660719,Landing Page,India,,Modified,\n"
)
EXPORT_OPTIONS = (
    *("--source", "x-education", "--map", "Prospect ID=external_id", "--set", "category=tutoring"),
    *("--set", "title=Course enquiry", "--place-alias", "Thane & Outskirts=Thane, IN"),
    *("--default-place", "Mumbai, IN", "--placeholder-contact"),
)


def counts(outcome_of: Path, *arguments: str) -> tuple[str, str, str]:
    """Import; return how many were created, duplicates, and imported already."""
    outcome = import_leads(outcome_of, *arguments)
    assert outcome.error == ""
    return outcome.count("created"), outcome.count("duplicate"), outcome.count("already imported")


def make_verifier() -> User:
    """Return a member of the group that verifies."""
    group = Group.objects.create(name="verifiers")
    group.permissions.add(Permission.objects.get(codename="verify_lead"))
    verifier = User.objects.create_user("vera", is_staff=True)
    verifier.groups.add(group)
    return verifier


@pytest.fixture
def plumbing(db: None) -> Category:
    return make_catalogue()


class TestImport:
    def test_takes_every_field_in(self, plumbing: Category, tmp_path: Path) -> None:
        path = write_file(
            tmp_path,
            "id;Category;Title;Text;City;Budget;Urgency;Language;Deadline;Name;E-Mail;Tel;Confirmed;Created at\n"
            '7;PLUMBING;Tap;"It drips,\r\nday and night";mumbai, IN;1200.50;week;German;2030-01-02;Ann;'
            "Ann+x@Example.com;022 1234 5678;yes;2025-05-31 14:05\n",
        )
        outcome = import_leads(path, "--map", "id=external_id", "--country", "in", "--source", "site")
        assert outcome.error == ""
        lead = Lead.objects.select_related("contact").get()
        assert (lead.category, lead.title, lead.text) == (plumbing, "Tap", "It drips,\nday and night")
        assert (lead.place_name, lead.latitude, lead.longitude) == ("Mumbai", *MUMBAI)
        assert (lead.budget, lead.urgency, lead.language) == (Decimal("1200.50"), "week", "de")
        assert lead.deadline_at == datetime.datetime(2030, 1, 2, 23, 59, 59, tzinfo=datetime.UTC)
        assert lead.created_at == datetime.datetime(2025, 5, 31, 14, 5, tzinfo=datetime.UTC)
        assert (lead.source, lead.status, lead.version) == ("site", "new", 1)
        contact = lead.contact
        assert (contact.name, contact.email, contact.phone) == ("Ann", "Ann+x@Example.com", "+912212345678")
        assert (contact.email_key, contact.phone_key) == ("ann@example.com", "+912212345678")
        assert contact.confirmed_at is not None
        assert not contact.is_placeholder

    @pytest.mark.django_db(transaction=True)
    def test_logs_each_creation_and_tells_staff_once(self, tmp_path: Path) -> None:
        make_catalogue()
        verifier = make_verifier()
        outcome = import_leads(write_file(tmp_path, HEADER + ANN + BOB))
        assert outcome.count("notifications") == "1"
        told = Notification.objects.get()
        assert (told.recipient, told.subject) == (verifier, "2 leads imported from leads.csv")
        records = TransitionRecord.objects.filter(machine="leads.lead").select_related("log")
        assert {(r.log.transition, r.actor, r.channel) for r in records} == {
            ("create", "system:importer", "import")
        }
        assert len(records) == 2
        assert len({record.request_id for record in records}) == 1

    def test_reads_gzip_of_another_encoding_and_delimiter(self, plumbing: Category, tmp_path: Path) -> None:
        data = "category;title;place;email\nplumbing;Küche;Mumbai;a@example.com\n".encode("cp1252")
        assert counts(write_file(tmp_path, gzip.compress(data), name="leads.csv.gz")) == ("1", "0", "0")
        assert Lead.objects.get().title == "Küche"

    def test_takes_as_many_statements_for_many_rows_as_for_two(
        self, plumbing: Category, tmp_path: Path
    ) -> None:
        def statements(first: int, count: int) -> int:
            rows = (f"plumbing,T,Mumbai,c{number}@example.com,\n" for number in range(first, first + count))
            path = write_file(tmp_path, HEADER + "".join(rows))
            with CaptureQueriesContext(connection) as queries:
                assert counts(path) == (str(count), "0", "0")
            return len(queries)

        statements(0, 2)  # fills the cache of content types
        assert statements(100, 2) == statements(200, 400)

    def test_takes_coordinates_before_the_place(self, plumbing: Category, tmp_path: Path) -> None:
        path = write_file(
            tmp_path, "category,title,lat,lng,city,mail\nplumbing,Tap,-33.9,151.2,Sydney,a@b.de\n"
        )
        assert counts(path) == ("1", "0", "0")
        lead = Lead.objects.get()
        assert (lead.latitude, lead.longitude, lead.place_name) == (-33.9, 151.2, "Sydney")

    def test_refuses_instants_that_cannot_be(self, plumbing: Category, tmp_path: Path) -> None:
        header = "category,title,place,email,created_at,deadline\n"
        path = write_file(
            tmp_path,
            header
            + "plumbing,Tap,Mumbai,a@b.de,2190-01-01,\n"
            + "plumbing,Tap,Mumbai,a@b.de,2025-01-02,2025-01-01\n",
        )
        assert import_leads(path).problems == [
            "line 2, column “created_at”: is in the future: “2190-01-01”",
            "line 3, column “deadline”: is before it was submitted: “2025-01-01”",
        ]
        assert not Lead.objects.exists()

    def test_marks_the_place_as_assumed_and_the_contact_as_a_placeholder(
        self, plumbing: Category, tmp_path: Path
    ) -> None:
        outcome = import_leads(write_file(tmp_path, EXPORT), *EXPORT_OPTIONS)
        assert outcome.error == ""
        assert outcome.count("created") == "4"
        assert outcome.count("with a placeholder for the contact") == "4"
        assert outcome.count("at the default place") == "2"
        places = Lead.objects.order_by("pk").values_list("place_name", flat=True)
        assert list(places) == ["Mumbai (assumed)", "Mumbai", "Thane", "Mumbai (assumed)"]
        assert LeadContact.objects.filter(is_placeholder=True, email_key="", phone_key="").count() == 4
        assert counts(write_file(tmp_path, EXPORT), *EXPORT_OPTIONS) == ("0", "0", "4")

    def test_refuses_a_confirmed_contact_that_is_none(self, plumbing: Category, tmp_path: Path) -> None:
        path = write_file(tmp_path, "category,title,place,email,confirmed\nplumbing,Tap,Mumbai,,yes\n")
        assert import_leads(path, "--placeholder-contact").problems == [
            "line 2, column “confirmed”: is yes, but there is no contact: “yes”"
        ]


class TestDuplicates:
    @pytest.mark.parametrize(
        "repeated",
        [
            "plumbing,Other tap,Thane,Ann+again@EXAMPLE.com,\n",
            "plumbing,Other tap,Thane,anna@example.com,+49 170 1234567\n",
        ],
    )
    def test_are_known_within_the_file_by_either_key(
        self, repeated: str, plumbing: Category, tmp_path: Path
    ) -> None:
        path = write_file(
            tmp_path, HEADER + "plumbing,Tap,Mumbai,ann@example.com,0049 170 1234567\n" + repeated
        )
        assert counts(path, "--country", "DE") == ("1", "1", "0")

    def test_are_known_in_the_market(self, plumbing: Category, tmp_path: Path) -> None:
        make_lead(plumbing, email="ann@example.com")
        assert counts(write_file(tmp_path, HEADER + ANN)) == ("0", "1", "0")

    def test_are_none_of_an_ended_lead_or_another_category_or_another_month(
        self, plumbing: Category, tmp_path: Path
    ) -> None:
        make_lead(plumbing, email="ann@example.com").reject(by=chief(), reason="other")
        make_lead(plumbing, email="ann@example.com", created_at=clock.now() - datetime.timedelta(days=31))
        make_lead(email="ann@example.com")
        assert counts(write_file(tmp_path, HEADER + ANN)) == ("1", "0", "0")

    def test_are_told_by_when_the_rows_were_submitted(self, plumbing: Category, tmp_path: Path) -> None:
        rows = (
            f"plumbing,Tap,Mumbai,a@example.com,{day}\n" for day in ("2025-01-01", "2025-01-31", "2025-02-01")
        )
        path = write_file(tmp_path, "category,title,place,email,created_at\n" + "".join(rows))
        assert counts(path) == ("2", "1", "0")
        assert [lead.created_at.day for lead in Lead.objects.order_by("pk")] == [1, 1]

    def test_are_known_across_batches(self, plumbing: Category, tmp_path: Path) -> None:
        others = "".join(f"plumbing,Tap,Mumbai,c{number}@example.com,\n" for number in range(600))
        assert counts(write_file(tmp_path, HEADER + ANN + others + ANN)) == ("601", "1", "0")

    def test_are_rows_with_the_same_id(self, plumbing: Category, tmp_path: Path) -> None:
        path = write_file(
            tmp_path,
            "external_id,category,title,place,email\n" + f"7,{ANN[:-2]}\n" + "7,tutoring,x,Mumbai,b@c.de\n",
        )
        assert counts(path) == ("1", "1", "0")


class TestImportAgain:
    @pytest.mark.parametrize("days", [0, 31])
    def test_creates_nothing_even_after_a_month(self, days: int, plumbing: Category, tmp_path: Path) -> None:
        path = write_file(tmp_path, HEADER + ANN + BOB + "plumbing,Again,Mumbai,ann@example.com,\n")
        assert counts(path) == ("2", "1", "0")
        before = count_rows()
        with clock.at(clock.now() + datetime.timedelta(days=days)):
            assert counts(path) == ("0", "1", "2")
        assert count_rows() == before

    def test_creates_nothing_of_leads_that_have_ended_meanwhile(
        self, plumbing: Category, tmp_path: Path
    ) -> None:
        path = write_file(tmp_path, HEADER + ANN + "plumbing,Again,Mumbai,ann@example.com,\n")
        assert counts(path) == ("1", "1", "0")
        Lead.objects.get().reject(by=chief(), reason="other")
        assert counts(path) == ("0", "1", "1")

    def test_knows_rows_by_their_content_in_another_dialect(self, plumbing: Category, tmp_path: Path) -> None:
        assert counts(write_file(tmp_path, HEADER + ANN)) == ("1", "0", "0")
        other = "E-Mail;Title;Category;City\nANN@example.com; Tap ;Plumbing;mumbai\n".encode("utf-16")
        with clock.at(clock.now() + datetime.timedelta(days=40)):
            assert counts(write_file(tmp_path, other, name="other.csv")) == ("0", "0", "1")

    def test_completes_what_was_stopped(self, plumbing: Category, tmp_path: Path) -> None:
        assert counts(write_file(tmp_path, HEADER + ANN)) == ("1", "0", "0")
        assert counts(write_file(tmp_path, HEADER + ANN + BOB)) == ("1", "0", "1")

    def test_takes_the_same_id_of_another_source_for_another_lead(
        self, plumbing: Category, tmp_path: Path
    ) -> None:
        path = write_file(tmp_path, "external_id,category,title,place\n7,plumbing,Tap,Mumbai\n")
        assert counts(path, "--placeholder-contact") == ("1", "0", "0")
        assert counts(path, "--placeholder-contact") == ("0", "0", "1")
        assert counts(path, "--placeholder-contact", "--source", "other") == ("1", "0", "0")


class TestVerify:
    def test_routes_what_it_can_and_counts_by_guard_what_it_cannot(
        self, plumbing: Category, tmp_path: Path
    ) -> None:
        for _provider in range(2):
            make_provider(plumbing, place=MUMBAI)
        Category.objects.filter(slug="tutoring").update(is_served=False)
        path = write_file(
            tmp_path,
            "category,title,place,email,confirmed\n"
            "plumbing,Tap,Mumbai,a@example.com,yes\n"
            "plumbing,Sink,Mumbai,b@example.com,no\n"
            "tutoring,Maths,Mumbai,c@example.com,no\n",
        )
        outcome = import_leads(path, "--verify")
        assert outcome.error == ""
        assert [outcome.count(words) for words in ("created", "verified", "blocked")] == ["3", "1", "2"]
        assert outcome.count("blocked by guard: contact_is_confirmed") == "2"
        assert outcome.count("blocked by guard: category_is_served") == "1"
        assert outcome.count("assignments") == "2"
        assert outcome.count("notifications") == "2"
        lead = Lead.objects.get(title="Tap")
        assert (lead.status, lead.assignments.count()) == ("verified", 2)
        record = TransitionRecord.objects.get(machine="leads.lead", object_id=lead.pk, sequence=2)
        assert (record.actor, record.channel) == ("system:importer", "import")

    def test_is_done_by_whoever_vouches(self, plumbing: Category, tmp_path: Path) -> None:
        verifier = make_verifier()
        outcome = import_leads(write_file(tmp_path, HEADER + ANN), "--verify", "--vouch-by", "vera")
        assert outcome.count("verified") == "1"
        record = TransitionRecord.objects.get(machine="leads.lead", sequence=2)
        assert (record.actor, record.arguments["vouched"]) == (f"user:{verifier.pk}", True)

    def test_goes_on_with_what_an_earlier_run_left_new(self, plumbing: Category, tmp_path: Path) -> None:
        path = write_file(tmp_path, HEADER + ANN + BOB)
        assert counts(path) == ("2", "0", "0")
        confirm_contact(Lead.objects.get(title="Tap"), by=None)
        outcome = import_leads(path, "--verify")
        assert [outcome.count(words) for words in ("already imported", "verified", "blocked")] == [
            "2",
            "1",
            "1",
        ]
        again = import_leads(path, "--verify")
        assert [again.count(words) for words in ("already imported", "verified", "blocked")] == [
            "2",
            "0",
            "1",
        ]

    def test_goes_on_when_one_lead_fails(self, plumbing: Category, tmp_path: Path) -> None:
        make_verifier()
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE leads_routingdecision ADD CONSTRAINT refuses_odd_leads CHECK (lead_id % 2 = 0)"
            )
        path = write_file(tmp_path, HEADER + ANN + BOB)
        outcome = import_leads(path, "--verify", "--vouch-by", "vera")
        assert outcome.error == "1 leads could not be verified; the same command tries again."
        assert [outcome.count(words) for words in ("created", "verified", "failed")] == ["2", "1", "1"]
        assert "refuses_odd_leads" in outcome.problems[0]
        assert sorted(Lead.objects.values_list("status", flat=True)) == ["new", "verified"]

    def test_counts_what_somebody_else_was_faster_with(self, plumbing: Category, tmp_path: Path) -> None:
        lead = make_lead(plumbing)
        lead.verify(by=chief())
        summary = Summary(read=1)
        Verification(summary, voucher=None, keeps=True).verify(lead)
        assert (summary.verified, summary.blocked) == (0, 0)
        assert summary.not_verified == {"not_possible_from_state": 1}
        assert "  not verified: not_possible_from_state          1\n" in format_summary(summary)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--vouch-by", "vera"], "--vouch-by says who verifies, so it needs --verify."),
            (["--verify", "--vouch-by", "nobody"], "--vouch-by: there is no user 'nobody'."),
            (["--verify", "--vouch-by", "guest"], "--vouch-by: 'guest' may not verify leads."),
        ],
    )
    def test_is_refused_at_once_for_whoever_may_not(
        self, arguments: list[str], message: str, plumbing: Category, tmp_path: Path
    ) -> None:
        User.objects.create_user("guest")
        before = count_rows()
        outcome = import_leads(write_file(tmp_path, HEADER + ANN), *arguments)
        assert outcome.error == f"{message} Nothing was imported."
        assert count_rows() == before


class TestDryRun:
    def test_counts_the_same_and_writes_nothing(self, plumbing: Category, tmp_path: Path) -> None:
        make_verifier()
        make_provider(plumbing, place=MUMBAI)
        others = "".join(f"plumbing,Tap,Mumbai,c{number}@example.com,\n" for number in range(3))
        path = write_file(tmp_path, HEADER + ANN + BOB + others + ANN)
        before = count_rows()
        outcome = import_leads(path, "--dry-run", "--verify", "--vouch-by", "vera")
        assert outcome.error == ""
        assert outcome.output.endswith("A dry run: nothing was written.\n")
        words = ("read", "created", "duplicate", "verified", "assignments")
        assert [outcome.count(word) for word in words] == ["6", "5", "1", "5", "5"]
        assert count_rows() == before
        assert not LeadAssignment.objects.exists()

    def test_tells_nobody(self, plumbing: Category, tmp_path: Path) -> None:
        make_verifier()
        import_leads(write_file(tmp_path, HEADER + ANN), "--dry-run")
        assert not Notification.objects.exists()


class TestOptions:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (
                ["--set", "category=juggling"],
                "--set category: “juggling” is no category (there are: plumbing, tutoring).",
            ),
            (
                ["--set", "place=Atlantis"],
                (
                    "--set place: “Atlantis” is no city of the gazetteer (--place-alias or "
                    "--default-place say what it means)."
                ),
            ),
            (
                ["--set", "budget=much"],
                "--set budget: “much” is no amount (write it as 1200 or 1200.50, at most 99999999.99).",
            ),
            (["--default-place", "Atlantis"], "The place 'Atlantis' is no city of the gazetteer."),
            (["--country", "XX"], "--country: 'XX' is no country's code of two letters, such as DE or IN."),
            (["--encoding", "utf-9"], "--encoding: there is no encoding 'utf-9'; try utf-8 or cp1252."),
            (
                ["--encoding", "rot13"],
                (
                    "There is no encoding 'rot13': 'rot13' is not a text encoding; use codecs.open() "
                    "to handle arbitrary codecs."
                ),
            ),
            (["--delimiter", "::"], "--delimiter: one character, or “tab”, not '::'."),
            (["--source", "x" * 41], f"--source: a name of 1 to 40 characters, not {'x' * 41!r}."),
            (["--map", "title"], "--map 'title': write --map COLUMN=FIELD."),
            (
                ["--map", "title=-"],
                (
                    "Nothing says the title of the leads: map a column with --map COLUMN=title, or set one value for "
                    "all with --set title=VALUE. The columns are: category, title, place, email, phone."
                ),
            ),
            (
                ["--map", "email=-", "--map", "phone=-"],
                (
                    "Nothing says the contact (email or phone, or --placeholder-contact) of the leads: map a column "
                    "with --map COLUMN=email, or set one value for all with --set email=VALUE. "
                    "The columns are: category, title, place, email, phone."
                ),
            ),
        ],
    )
    def test_are_refused_when_they_cannot_be(
        self, arguments: list[str], message: str, plumbing: Category, tmp_path: Path
    ) -> None:
        before = count_rows()
        outcome = import_leads(write_file(tmp_path, HEADER + ANN), *arguments)
        assert outcome.error == f"{message} Nothing was imported."
        assert count_rows() == before

    def test_name_the_delimiter_and_the_encoding(self, plumbing: Category, tmp_path: Path) -> None:
        data = "category\ttitle\tplace\temail\nplumbing\tŁódź\tMumbai\ta@b.de\n".encode("cp1250")
        assert counts(write_file(tmp_path, data), "--delimiter", "tab", "--encoding", "cp1250") == (
            "1",
            "0",
            "0",
        )
        assert Lead.objects.get().title == "Łódź"


class TestInterruption:
    def test_leaves_whole_batches_and_tells_staff_of_them(self, plumbing: Category, tmp_path: Path) -> None:
        make_verifier()
        rows = "".join(f"plumbing,Tap,Mumbai,c{number}@example.com,\n" for number in range(700))
        path = write_file(tmp_path, HEADER + rows)
        run = prepare_run(path, ImportOptions(), progress=_Impatient(rows_max=700 + 500))
        with pytest.raises(KeyboardInterrupt):
            run.run()
        assert Lead.objects.count() == 500
        assert Notification.objects.get().subject == "500 leads imported from leads.csv"
        assert counts(path) == ("200", "0", "500")


class _Impatient(Unseen):
    """Presses Ctrl-C after so many rows, in both passes together."""

    def __init__(self, *, rows_max: int) -> None:
        self._rows_left = rows_max

    def advance(self) -> None:
        self._rows_left -= 1
        if not self._rows_left:
            raise KeyboardInterrupt
