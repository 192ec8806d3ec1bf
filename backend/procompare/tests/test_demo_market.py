"""What holds in every demo market: it is made by real transitions, and looks like it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from django.db import connection, transaction
from django.db.models import Count, F, Q
from pytest_django.plugin import DjangoDbBlocker

from backend.jobs.testing import list_jobs
from backend.leads import selectors
from backend.leads.models import Lead, LeadAssignment, LeadContact, RoutingDecision
from backend.leads.terms import BUILT_IN_TERMS
from backend.matching.models import CoverageArea, ProviderLoad
from backend.notifications.models import Delivery, Notification
from backend.procompare.demo.market import HISTORY, build_market
from backend.procompare.demo_logins import DEMO_LOGINS, PROVIDER_LOGINS, STAFF_LOGINS
from backend.procompare.roles import ROLES
from backend.procompare.tests.demo_market import AS_OF, small_market
from backend.users.models import ProviderProfile, User
from workflows import TransitionBlocked, clock, explain, list_machines
from workflows.hash_chain import find_broken_links
from workflows.invariants import examine_all
from workflows.models import TransitionRecord
from workflows.registry import list_workflow_models, state_field_of


@pytest.fixture(scope="module")
def _market(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Build one market for all tests of this module, and take it back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        build_market(small_market())
        yield
        transaction.set_rollback(True)


@pytest.mark.usefixtures("_market", "db")
class TestBuiltMarket:
    def test_has_as_much_as_was_asked_for(self) -> None:
        assert (ProviderProfile.objects.count(), Lead.objects.count()) == (120, 160)

    def test_violates_no_invariant(self) -> None:
        with clock.at(AS_OF):
            assert [
                (found.invariant.name, found.ids) for found in examine_all(ids_max=3) if found.count
            ] == []

    def test_has_leads_and_providers_in_every_state(self) -> None:
        assert set(Lead.objects.values_list("status", flat=True)) == set(Lead.Status.values)
        states = ProviderProfile.objects.order_by().values_list("status", flat=True)
        assert set(states) == set(ProviderProfile.Status.values)

    def test_has_offers_in_every_state(self) -> None:
        states = LeadAssignment.objects.order_by().values_list("status", flat=True)
        assert set(states) == set(LeadAssignment.Status.values)

    def test_covers_a_dozen_categories(self) -> None:
        assert Lead.objects.order_by().values("category").distinct().count() >= 12

    def test_lies_within_its_history(self) -> None:
        created = Lead.objects.order_by("created_at").values_list("created_at", flat=True)
        assert created[0] >= AS_OF - HISTORY
        assert TransitionRecord.objects.filter(log__timestamp__gt=AS_OF).count() == 0
        assert Notification.objects.filter(Q(created_at__gt=AS_OF) | Q(read_at__gt=AS_OF)).count() == 0

    def test_keeps_every_chain_of_the_log_whole(self) -> None:
        assert {machine.label: find_broken_links(machine.label) for machine in list_machines()} == {
            machine.label: [] for machine in list_machines()
        }

    def test_says_in_the_last_log_row_of_everything_where_it_stands(self) -> None:
        for model in list_workflow_models():
            state = state_field_of(model).name
            logged = {
                (record.object_id, record.sequence): (record.log.state, record.log.timestamp)
                for record in TransitionRecord.objects.filter(machine=model._meta.label_lower).select_related(
                    "log"
                )
            }
            for row in model._base_manager.all():
                assert logged[row.pk, row.version][0] == getattr(row, state)
                assert (row.pk, row.version + 1) not in logged

    def test_would_be_committed(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def test_logs_the_events_of_each_object_in_the_order_of_time(self) -> None:
        last: dict[tuple[str, int], object] = {}
        for record in TransitionRecord.objects.select_related("log").order_by(
            "machine", "object_id", "sequence"
        ):
            key = (record.machine, record.object_id)
            assert key not in last or last[key] <= record.log.timestamp  # type: ignore[operator]  # datetimes
            last[key] = record.log.timestamp

    def test_offers_no_lead_twice_to_a_provider_and_never_too_many(self) -> None:
        pairs = Counter(LeadAssignment.objects.values_list("lead_id", "provider_id"))
        assert max(pairs.values()) == 1
        accepted = Count("assignments", filter=Q(assignments__status__in=["accepted", "won"]))
        for lead in Lead.objects.annotate(accepted=accepted, made=Count("assignments")):
            assert lead.accepted <= BUILT_IN_TERMS.accepted_max
            assert lead.made <= BUILT_IN_TERMS.offers_max

    def test_counts_open_offers_as_they_are(self) -> None:
        open_offers = Count("provider__assignments", filter=Q(provider__assignments__status="offered"))
        loads = ProviderLoad.objects.annotate(counted=open_offers)
        assert list(loads.exclude(open_offers=F("counted"))) == []
        assert list(loads.filter(open_offers__gt=F("provider__open_offers_max"))) == []
        assert loads.count() == ProviderProfile.objects.count()

    def test_gives_nobody_more_offers_in_a_day_or_month_than_it_takes(self) -> None:
        by_day: Counter[tuple[ProviderProfile, str]] = Counter()
        by_month: Counter[tuple[ProviderProfile, str]] = Counter()
        for offer in LeadAssignment.objects.select_related("provider"):
            local = offer.created_at.astimezone(ZoneInfo(offer.provider.time_zone))
            by_day[offer.provider, f"{local:%Y-%m-%d}"] += 1
            by_month[offer.provider, f"{local:%Y-%m}"] += 1
        assert all(count <= provider.leads_per_day_max for (provider, _day), count in by_day.items())
        assert all(count <= provider.leads_per_month_max for (provider, _month), count in by_month.items())

    def test_routes_each_lead_once_for_each_wave(self) -> None:
        for lead in Lead.objects.prefetch_related("decisions"):
            assert sorted(d.wave for d in lead.decisions.all()) == list(range(1, lead.wave + 1))
        offered = RoutingDecision.objects.annotate(made=Count("assignments"))
        assert list(offered.exclude(made=F("offered_count"))) == []

    def test_covers_nothing_for_retired_providers_and_something_for_all_others(self) -> None:
        covered = set(CoverageArea.objects.values_list("provider_id", flat=True))
        there = ProviderProfile.objects.exclude(status=ProviderProfile.Status.RETIRED)
        assert covered == set(there.values_list("pk", flat=True))

    def test_has_a_login_for_each_role_in_its_group_alone(self) -> None:
        for login in STAFF_LOGINS:
            user = User.objects.get(username=login.username)
            assert [group.name for group in user.groups.all()] == [login.role]
            assert (user.is_staff, user.is_superuser) == (True, False)
            assert user.check_password(login.password)
        assert {login.role for login in STAFF_LOGINS} == set(ROLES)
        assert User.objects.filter(is_staff=True).count() == len(STAFF_LOGINS)

    def test_has_logins_of_two_providers_for_whose_work_new_leads_wait(self) -> None:
        for login in PROVIDER_LOGINS:
            user = User.objects.get(username=login.username)
            assert user.check_password(login.password)
            assert not user.is_staff
            profile = user.provider_profile
            assert profile.status == ProviderProfile.Status.ACTIVE
            waiting = Lead.objects.filter(
                status=Lead.Status.NEW, place_name="Berlin", category__in=profile.categories.all()
            )
            assert waiting.exists()

    def test_lets_nobody_else_log_in(self) -> None:
        named = [login.username for login in DEMO_LOGINS]
        others = User.objects.filter(is_staff=False).exclude(username__in=named)
        assert others.count() > ProviderProfile.objects.count()
        assert not any(user.has_usable_password() for user in others)

    def test_names_only_addresses_and_numbers_that_nobody_has(self) -> None:
        for contact in LeadContact.objects.all():
            assert not contact.email or contact.email.lower().endswith(("@example.com", "@example.org"))
            assert not contact.phone or phonenumbers.is_possible_number(phonenumbers.parse(contact.phone))
        assert all(user.email.endswith(("@example.com", "@example.org")) for user in User.objects.all())

    def test_holds_rows_that_pass_their_own_checks(self) -> None:
        for lead in Lead.objects.select_related("contact"):
            lead.full_clean()
            lead.contact.full_clean()
        for provider in ProviderProfile.objects.all():
            provider.full_clean()

    def test_has_old_notifications_read_and_new_ones_not(self) -> None:
        assert Notification.objects.filter(read_at=None).exists()
        assert not Notification.objects.filter(read_at=None, created_at__lt=AS_OF - HISTORY / 10).exists()

    def test_has_told_everybody_long_ago_and_sends_nothing(self) -> None:
        assert not Notification.objects.exclude(deliveries__channel="in_app").exists()
        assert set(Delivery.objects.values_list("status", flat=True)) == {"delivered"}
        assert Delivery.objects.filter(channel="email").count() > Lead.objects.count()
        assert list(Delivery.objects.annotate(n=Count("attempt_rows")).exclude(n=1)) == []
        assert list_jobs() == []

    def test_shows_staff_answering_and_the_timer_sweeping(self) -> None:
        actors = set(TransitionRecord.objects.filter(machine="leads.lead").values_list("actor", flat=True))
        verifier = User.objects.get(username="verifier")
        assert {f"user:{verifier.pk}", "system:timer", "system:quotes", "system:confirmation"} <= actors


@pytest.mark.usefixtures("_market", "db")
class TestNewLeads:
    def _new(self) -> list[Lead]:
        new = Lead.objects.filter(status=Lead.Status.NEW).select_related("contact", "category")
        return list(new.order_by("created_at"))

    def test_wait_with_and_without_confirmed_contacts(self) -> None:
        confirmed = Counter(lead.contact.confirmed_at is not None for lead in self._new())
        assert confirmed[True] >= 3
        assert confirmed[False] >= 1

    def test_hold_one_that_repeats_another(self) -> None:
        verifier = User.objects.get(username="verifier")
        repeated = [lead for lead in self._new() if selectors.find_duplicate_of(lead) is not None]
        assert len(repeated) == 1
        original = selectors.find_duplicate_of(repeated[0])
        assert original is not None
        assert original.status == Lead.Status.NEW
        with clock.at(AS_OF), pytest.raises(TransitionBlocked, match=original.reference):
            repeated[0].verify(by=verifier, vouched=True)

    def test_hold_one_whose_category_is_not_served(self) -> None:
        (lead,) = [lead for lead in self._new() if not lead.category.is_served]
        with clock.at(AS_OF):
            options = explain(lead, by=User.objects.get(username="verifier"))
        (verify,) = [option for option in options if option.transition.name == "verify"]
        assert [check.code for check in verify.failed] == ["category_is_served"]

    def test_hold_one_where_nobody_works(self) -> None:
        (lead,) = [lead for lead in self._new() if lead.place_name == "Reykjavík"]
        with clock.at(AS_OF):
            lead.verify(by=User.objects.get(username="verifier"))
        decision = lead.decisions.get()
        assert (decision.offered_count, decision.eligible_count) == (0, 0)

    def test_hold_one_that_goes_to_several_providers_at_once(self) -> None:
        verifier = User.objects.get(username="verifier")
        with clock.at(AS_OF):
            first = self._new()[0]
            first = next(
                lead for lead in self._new() if lead.place_name == "Berlin" and lead.category.is_served
            )
            first.verify(by=verifier, vouched=True)
        assert first.status == Lead.Status.VERIFIED
        assert first.decisions.get().offered_count >= 1
