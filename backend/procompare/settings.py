"""Settings of the project.  Every one that differs between machines is read from the environment."""

from __future__ import annotations

import os
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from backend.jobs.log import LOGGING as LOGGING  # read by Django
from backend.procompare.database import database_settings
from backend.procompare.delivery_settings import *  # noqa: F403  all of them are settings
from backend.procompare.unfold_settings import UNFOLD as UNFOLD  # read by django-unfold

BASE_DIR = Path(__file__).resolve().parents[2]

DEBUG = os.environ.get("DEBUG", "1") == "1"
SECRET_KEY = os.environ.get("SECRET_KEY", "insecure-key-for-trials-and-tests-only" if DEBUG else "")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY must be set when DEBUG=0. Make one, and keep it: "
        """python -c "import secrets; print(secrets.token_urlsafe(64))" """
    )
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

# Where the pages of clients and providers live: every notification links below it.
FRONTEND_URL = os.environ.get("FRONTEND_URL", f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")

INSTALLED_APPS = [
    "backend.procompare",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "template_partials",
    "django_fsm",
    "django_fsm_log",
    "workflows",
    "pgtrigger",
    "procrastinate.contrib.django",
    "backend.saved_views",
    "backend.jobs",
    "backend.catalog",
    "backend.users",
    "backend.bulk",
    "backend.notifications",
    "backend.matching",
    "backend.leads",
    "backend.portal",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "backend.procompare.content_security_policy.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "backend.procompare.urls"
WSGI_APPLICATION = "backend.procompare.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": database_settings(BASE_DIR)}
# Whether the search is planned once for each connection.  Not with a pool between here and PostgreSQL that hands out
# another session for each transaction, such as PgBouncer's transaction mode.
DATABASE_PREPARES = os.environ.get("DATABASE_PREPARES", "1") == "1"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "users.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"  # leads on to each person's own pages
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# django-fsm-log hands every transition to this backend; it writes the log rows of one run together.
DJANGO_FSM_LOG_STORAGE_METHOD = "workflows.log_backend.WorkflowLogBackend"

# A worker says this often that it lives; one that has not for so long is dead, and its jobs are handed out again.
WORKER_HEARTBEAT_S = float(os.environ.get("WORKER_HEARTBEAT_S", "5"))
WORKER_DEAD_AFTER_S = float(os.environ.get("WORKER_DEAD_AFTER_S", "20"))

# Whether webhooks may call this machine, over plain HTTP too: for trials and tests.  Other private addresses never.
WEBHOOK_LOOPBACK_ALLOWED = os.environ.get("WEBHOOK_LOOPBACK_ALLOWED", "1" if DEBUG else "0") == "1"

LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = ["backend.procompare.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", BASE_DIR / "staticfiles"))

# Pages load our own files and nothing else; content_security_policy.py adds what the admin needs.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # These do not fall back to default-src.
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

if not DEBUG:
    # Names with a hash of the content, compressed: browsers may keep them for ever.
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    CSRF_TRUSTED_ORIGINS = [
        origin for origin in os.environ.get("CSRF_TRUSTED_ORIGINS", "").split(",") if origin
    ]
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    if os.environ.get("BEHIND_PROXY") == "1":
        # Only where a proxy sets this header itself: else anybody could claim to have come over HTTPS.
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
