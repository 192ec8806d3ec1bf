"""What is being done now, for whoever waits: on the error stream, beside the figures."""

from __future__ import annotations

import sys
import time

__all__ = ["say"]


def say(what: str) -> None:
    """Print what is done now, with the time of day."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')}  {what}\n")
    sys.stderr.flush()
