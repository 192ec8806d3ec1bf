"""The browser of the browser tests: found, or with ``python -m backend.procompare.tests.browser`` installed.

In this order: one on the path; Playwright's own from an earlier download; the system's package, where it
may be installed without a password; Playwright's own, downloaded.  Where none can be had the tests fail:
they never skip.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = ["BrowserMissing", "find_browser", "install_browser"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL_TIMEOUT_S = 600


class BrowserMissing(Exception):
    """No browser could be found or installed; the message says what to do."""

    def __init__(self) -> None:
        super().__init__(
            f"The browser tests need one of {', '.join(NAMES)} on the path, and none could be installed. "
            "Install one (Debian: `apt-get install chromium`), or let Playwright do it: "
            "`.venv/bin/python -m playwright install --with-deps chromium`. Then run `make test` again."
        )


@functools.cache
def find_browser() -> Path:
    """Return the path of a browser that starts.  Raises: BrowserMissing when there is none."""
    for candidate in _candidates():
        # Ubuntu's chromium-browser is a script that only says how to get the real one: so try it.
        if candidate and _starts(candidate):
            return Path(candidate)
    raise BrowserMissing


def _candidates() -> Iterator[str | None]:
    """Yield where a browser may be, Playwright's own last: asking for it starts a process."""
    yield from map(shutil.which, NAMES)
    yield _playwright_path()


def install_browser() -> Path:
    """Return the path of a browser, installed first where there is none.

    Raises: BrowserMissing when none can be had.
    """
    for install in (_install_nothing, _install_system_package, _install_playwright_download):
        install()
        try:
            return find_browser()
        except BrowserMissing:
            continue
    raise BrowserMissing


def _starts(program: str) -> bool:
    """Whether a browser can tell its version."""
    command = [program, "--version"]
    return (
        Path(program).exists() and subprocess.run(command, capture_output=True, check=False).returncode == 0
    )


def _playwright_path() -> str:
    """Return where Playwright's own browser is, or would be.

    Asked in a process of its own: the caller may be inside ``sync_playwright()``, which cannot be nested.
    """
    question = (
        "from playwright.sync_api import sync_playwright as p; print(p().start().chromium.executable_path)"
    )
    answer = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True)
    return answer.stdout.strip()


def _install_nothing() -> None:
    """Take what is there."""


def _install_system_package() -> None:
    """Install Debian's package where this user may, without asking for a password."""
    apt_get = shutil.which("apt-get")
    sudo = shutil.which("sudo")
    as_root: list[str] = [] if os.geteuid() == 0 else [sudo or "", "-n"]
    if not apt_get or (as_root and not (sudo and _run([*as_root, "true"]))):
        return
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    _run([*as_root, apt_get, "update", "-qq"])
    _run([*as_root, *environment, apt_get, "install", "-y", "-qq", "--no-install-recommends", "chromium"])


def _install_playwright_download() -> None:
    """Have Playwright download its own, with the libraries it needs where this user may install them."""
    dependencies = ["--with-deps"] if os.geteuid() == 0 else []
    _run([sys.executable, "-m", "playwright", "install", *dependencies, "chromium"])


def _run(command: Sequence[str]) -> bool:
    """Run a step of an installation and say whether it succeeded; what it says is shown when it has not."""
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"{' '.join(command)} took more than {INSTALL_TIMEOUT_S} s\n")
        return False
    if result.returncode:
        sys.stderr.write(f"{' '.join(command)} failed:\n{result.stdout[-2000:]}{result.stderr[-2000:]}\n")
    return result.returncode == 0


if __name__ == "__main__":
    try:
        sys.stdout.write(f"Browser: {install_browser()}\n")
    except BrowserMissing as error:
        sys.exit(str(error))
