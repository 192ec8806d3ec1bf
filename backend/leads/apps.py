"""The app of leads: what clients ask for, and who is offered it."""

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    """Configuration of the leads."""

    name = "backend.leads"
    label = "leads"
    verbose_name = "Leads"

    def ready(self) -> None:
        """Connect the receivers."""
        from backend.leads import signals  # noqa: F401  connects on import
