"""A toy app that shows the engine at work without anything of the marketplace."""

from django.apps import AppConfig


class ToyConfig(AppConfig):
    name = "workflows.tests.toyapp"
    label = "toyapp"
    default_auto_field = "django.db.models.BigAutoField"
