"""Settings of the tests: the project's own, with apps of the tests beside it and a cheap password hash."""

from backend.procompare.settings import *  # noqa: F403  a settings module extends another like this
from backend.procompare.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "workflows.tests.toyapp", "backend.jobs.tests.probes"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
