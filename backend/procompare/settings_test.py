"""Settings of the tests: the project's own, with the engine's toy app beside it and a cheap password hash."""

from backend.procompare.settings import *  # noqa: F403  a settings module extends another like this
from backend.procompare.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "workflows.tests.toyapp"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
