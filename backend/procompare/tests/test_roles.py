"""The table of roles, and the groups that are filled from it."""

from __future__ import annotations

import dataclasses

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db.models.signals import post_migrate

from backend.procompare import role_groups
from backend.procompare.roles import ROLES, UnknownPermission, transitions_of
from workflows import list_machines


def _granted(name: str) -> set[str]:
    rows = Permission.objects.filter(group__name=name).values_list("content_type__app_label", "codename")
    return {f"{app_label}.{codename}" for app_label, codename in rows}


def _all_permissions() -> set[str]:
    rows = Permission.objects.values_list("content_type__app_label", "codename")
    return {f"{app_label}.{codename}" for app_label, codename in rows}


@pytest.mark.django_db
class TestGroups:
    @pytest.mark.parametrize("name", ["verifier", "dispatcher", "finance"])
    def test_have_exactly_the_permissions_of_the_table(self, name: str) -> None:
        assert _granted(name) == set(ROLES[name].permissions)

    def test_of_auditors_see_every_model_and_change_none(self) -> None:
        views = {p for p in _all_permissions() if p.partition(".")[2].startswith("view_")}
        assert _granted("auditor") == views
        assert {"workflows.view_transitionrecord", "workflows.view_protectedstatelog"} <= views

    def test_of_admins_have_every_permission(self) -> None:
        assert _granted("admin") == _all_permissions()

    def test_are_those_of_the_table(self) -> None:
        assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)

    def test_stay_as_they_are_when_filled_again(self) -> None:
        before = {name: _granted(name) for name in ROLES}
        role_groups.fill_groups()
        assert {name: _granted(name) for name in ROLES} == before
        assert Group.objects.count() == len(ROLES)

    def test_lose_what_the_table_does_not_name_and_regain_what_it_does(self) -> None:
        group = Group.objects.get(name="finance")
        group.permissions.set([Permission.objects.get(codename="verify_lead")])
        role_groups.fill_groups()
        assert _granted("finance") == set(ROLES["finance"].permissions)

    def test_are_filled_when_the_last_app_was_migrated(self) -> None:
        Group.objects.all().delete()
        last = role_groups.find_last(apps.get_app_configs())
        post_migrate.send(sender=last, app_config=last, verbosity=0, interactive=False, using="default")
        assert _granted("verifier") == set(ROLES["verifier"].permissions)

    def test_wait_for_no_app_of_which_django_says_nothing(self) -> None:
        with_models, without = apps.get_app_config("leads"), apps.get_app_config("portal")
        assert without.models_module is None
        assert role_groups.find_last([with_models, without]) is with_models

    def test_are_left_alone_while_a_part_of_the_apps_is_migrated(self) -> None:
        Group.objects.all().delete()

        class NothingMigrated:
            def get_models(self) -> list[object]:
                return []

        last = list(apps.get_app_configs())[-1]
        role_groups.fill_groups_after_migrating(sender=last, using="default", apps=NothingMigrated())
        assert not Group.objects.exists()

    def test_of_another_database_are_left_alone(self) -> None:
        Group.objects.all().delete()
        role_groups.fill_groups_after_migrating(sender=apps.get_app_config("leads"), using="replica")
        assert not Group.objects.exists()

    def test_are_not_changed_when_a_permission_is_misspelt(self, monkeypatch: pytest.MonkeyPatch) -> None:
        misspelt = dataclasses.replace(ROLES["verifier"], permissions=("leads.verfy_lead",))
        monkeypatch.setattr(role_groups, "ROLES", {**ROLES, "verifier": misspelt})
        before = _granted("verifier")
        with pytest.raises(UnknownPermission) as caught:
            role_groups.fill_groups()
        assert str(caught.value) == (
            "Cannot grant 'leads.verfy_lead' to the role 'verifier': there is no such permission; "
            "near: leads.verify_lead."
        )
        assert (caught.value.permission, caught.value.role) == ("leads.verfy_lead", "verifier")
        assert _granted("verifier") == before


class TestTransitionsOf:
    def test_a_verifier_are_those_at_the_entrance(self) -> None:
        assert transitions_of("verifier") == (
            ("leads.lead", "verify"),
            ("leads.lead", "revise"),
            ("leads.lead", "reject"),
            ("leads.lead", "mark_duplicate"),
            ("leads.lead", "reopen"),
        )

    def test_a_dispatcher_are_those_of_offers_and_providers(self) -> None:
        assert transitions_of("dispatcher") == (
            ("leads.lead", "reroute"),
            ("leads.lead", "assign_by_hand"),
            ("leads.lead", "revise"),
            ("leads.lead", "award"),
            ("leads.lead", "cancel"),
            ("leads.leadassignment", "accept"),
            ("leads.leadassignment", "decline"),
            ("leads.leadassignment", "withdraw"),
            ("users.providerprofile", "approve"),
            ("users.providerprofile", "pause"),
            ("users.providerprofile", "resume"),
            ("users.providerprofile", "suspend"),
            ("users.providerprofile", "reinstate"),
            ("users.providerprofile", "retire"),
            ("leads.termsversion", "publish"),
            ("leads.termsversion", "end_exception"),
            ("leads.termsversion", "discard"),
        )

    @pytest.mark.parametrize("name", ["finance", "auditor"])
    def test_those_who_only_look_are_none(self, name: str) -> None:
        assert transitions_of(name) == ()

    def test_an_admin_are_all_that_people_may_run(self) -> None:
        for_people = {(m.label, t.name) for m in list_machines() for t in m.transitions if t.permission}
        assert set(transitions_of("admin")) == for_people

    def test_an_unknown_role_is_an_error(self) -> None:
        with pytest.raises(KeyError):
            transitions_of("janitor")
