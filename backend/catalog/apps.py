"""The app of the catalogue: what can be asked for, and where."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Configuration of the catalogue."""

    name = "backend.catalog"
    label = "catalog"
    verbose_name = "Catalogue"
