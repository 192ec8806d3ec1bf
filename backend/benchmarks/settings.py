"""Settings of the benchmarks: the project's own, as in production, with tasks that do nothing but note the time."""

from backend.procompare.settings import *  # noqa: F403  a settings module extends another like this
from backend.procompare.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "backend.benchmarks", "backend.benchmarks.handwritten"]
DEBUG = False
# One of the switches whose transitions are compared has no log.
DJANGO_FSM_LOG_IGNORED_MODELS = ["backend.benchmarks.models.PlainSwitch"]
# The pages that are measured need no names with hashes: static files are not collected here.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
