"""The app of leads: what clients ask for, and who is offered it."""

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    """Configuration of the leads."""

    name = "backend.leads"
    label = "leads"
    verbose_name = "Leads"

    def ready(self) -> None:
        """Connect the receivers, and say when what this app tells is over."""
        from backend.leads import signals  # noqa: F401  connects on import
        from backend.leads.relevance import register_checks

        register_checks()
