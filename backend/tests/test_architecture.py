"""What the import contracts cannot see: relations between tables, and who provides a module."""

from __future__ import annotations

from importlib.metadata import packages_distributions

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model

# From the top down, as in `.importlinter`: a table may point at those of its own app and of the apps below it.
LAYERS = ["portal", "leads", "matching", "notifications", "bulk", "users", "catalog", "jobs", "saved_views"]


class TestForeignKeys:
    def test_point_down_the_layers_only(self) -> None:
        upward = [
            f"{field.model._meta.label}.{field.name} → {field.related_model._meta.label}"
            for app in LAYERS
            for model in apps.get_app_config(app).get_models()
            for field in model._meta.get_fields()
            if field.is_relation and not field.auto_created and field.related_model is not None
            if field.related_model._meta.app_label in LAYERS
            if LAYERS.index(field.related_model._meta.app_label) < LAYERS.index(app)
            # Whoever logs in is a setting, which every app may name.
            if not (app == "saved_views" and field.related_model is get_user_model())
        ]
        assert upward == []

    def test_of_every_app_of_ours_are_looked_at(self) -> None:
        ours = {
            name.removeprefix("backend.")
            for name in settings.INSTALLED_APPS
            if name.startswith("backend.") and ".tests." not in name
        }
        assert ours == {*LAYERS, "procompare"}
        assert not list(apps.get_app_config("procompare").get_models())

    def test_of_the_engine_know_no_app_of_the_marketplace(self) -> None:
        pointed_at = {
            field.related_model._meta.app_label
            for model in apps.get_app_config("workflows").get_models()
            for field in model._meta.get_fields()
            if field.is_relation and field.related_model is not None and not field.auto_created
        }
        assert pointed_at <= {
            "workflows",
            "django_fsm_log",
            "contenttypes",
            settings.AUTH_USER_MODEL.split(".")[0],
        }


class TestDependencies:
    def test_one_distribution_provides_django_fsm(self) -> None:
        """django-fsm and django-fsm-2 own the same module: with both installed one overwrites the other."""
        assert packages_distributions()["django_fsm"] == ["django-fsm-2"]


class TestFrontendUrl:
    def test_is_defined_once_and_every_link_starts_with_it(self) -> None:
        from backend.notifications.models import Notification

        assert Notification(path="/x/").link == f"{settings.FRONTEND_URL}/x/"
