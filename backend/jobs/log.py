"""What the worker says: warnings and errors, each once, without anybody's data."""

from __future__ import annotations

import logging

from procrastinate.exceptions import ConnectorException

__all__ = ["LOGGING", "SaidElsewhere"]

# How a job ended is logged by `failures.py`, without arguments and messages.
_ENDS_OF_JOBS = frozenset({"job_error", "job_error_retry", "job_aborted", "job_aborted_retry"})


class SaidElsewhere(logging.Filter):
    """Drop what procrastinate logs and we log ourselves: ends of jobs, and a database that is away."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to keep a record."""
        error = record.exc_info[1] if record.exc_info else None
        is_known = isinstance(error, ConnectorException) or getattr(record, "action", "") in _ENDS_OF_JOBS
        return not is_known


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"said_elsewhere": {"()": SaidElsewhere}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "line": {"class": "logging.StreamHandler", "formatter": "line"},
        "procrastinate": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["said_elsewhere"],
        },
    },
    "loggers": {
        "backend": {"handlers": ["line"], "level": "WARNING"},
        "procrastinate": {"handlers": ["procrastinate"], "level": "WARNING", "propagate": False},
    },
}
"""Django's ``LOGGING``."""
