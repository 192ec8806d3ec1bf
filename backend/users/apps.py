"""The app of people: users, staff groups, providers."""

from django.apps import AppConfig


class UsersConfig(AppConfig):
    """Configuration of the people."""

    name = "backend.users"
    label = "users"
    verbose_name = "People"
