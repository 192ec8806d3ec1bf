"""The app of the probes: in the settings of the tests only."""

from django.apps import AppConfig


class ProbesConfig(AppConfig):
    name = "backend.jobs.tests.probes"
    label = "probes"
