"""Settings of the benchmarks: the project's own, as in production, with tasks that do nothing but note the time."""

from backend.procompare.settings import *  # noqa: F403  a settings module extends another like this
from backend.procompare.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "backend.benchmarks"]
DEBUG = False
