"""The app of the engine."""

from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    """Configuration of the engine: system checks, and the triggers of every machine."""

    name = "workflows"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks, and the triggers before django-pgtrigger reads them (it stands after this app)."""
        from workflows import checks  # noqa: F401  registers on import
        from workflows.triggers import register_triggers

        register_triggers()
