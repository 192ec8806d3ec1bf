"""POST to a stranger's server: bounded in time and size, no redirects, no detours.

Built on requests-hardened, which resolves the name once, refuses private addresses, and connects to the very address
that it looked at.  The environment is not trusted: a proxy would resolve the name itself, and a ``.netrc`` would
send passwords along.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests_hardened.client import HTTPSession
from requests_hardened.config import Config
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from backend.notifications.channels.deadline import DeadlinePassed, deadline, watch_socket
from backend.notifications.errors import DeliveryFailed

__all__ = ["Answer", "post"]

# Of an answer that says no, so much is kept for staff to read.
DETAIL_BYTES_MAX = 200
USER_AGENT = "ProCompare-Notifications/1"
_NO_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: the status, and the beginning of its text when that is not 2xx."""

    status: int
    detail: str

    @property
    def is_success(self) -> bool:
        """Return whether it has taken it."""
        return 200 <= self.status < 300


def post(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    timeout_s: float,
    is_public: bool = True,
    is_loopback_allowed: bool = False,
) -> Answer:
    """Post and return the answer; all in all within ``timeout_s`` (the resolver has its own time-out).

    ``is_public`` False: the operator named the server, which may well stand in the same network.

    Raises: DeliveryFailed when there is no answer; for good when the address is one that is never called.
    """
    try:
        with (
            deadline(timeout_s) as watch,
            _session(is_public=is_public, is_loopback_allowed=is_loopback_allowed) as session,
        ):
            response = session.post(url, data=body, headers=dict(headers), timeout=timeout_s, stream=True)
            answer = Answer(response.status_code, _detail_of(response))
            # The end of a connection that was cut reads like the end of an answer.
            watch.check()
            return answer
    except (requests.RequestException, HTTPError, OSError) as error:
        raise _failure_of(error) from error


def _failure_of(error: Exception) -> DeliveryFailed:
    """Return what an error means; one about the address itself would be the same another time."""
    if isinstance(error, InvalidIPAddress):
        text = f"The address {error} is private and is never called."
    elif isinstance(error, _NO_ADDRESS):
        text = f"Not an address: {error}"
    else:
        return DeliveryFailed(_in_words(error))
    return DeliveryFailed(text, is_permanent=True, is_of_receiver=False)


def _detail_of(response: requests.Response) -> str:
    """Return the beginning of an answer that says no.  Of a success nothing is read: it may drip for hours."""
    if 200 <= response.status_code < 300:
        return ""
    try:
        return bytes(response.raw.read(DETAIL_BYTES_MAX)).decode(errors="replace").strip()
    except (HTTPError, OSError):
        return ""


def _in_words(error: Exception) -> str:
    """Return what happened, without the addresses of objects in memory that urllib3 puts into its messages."""
    if isinstance(error, DeadlinePassed):
        return str(error)
    if isinstance(error, requests.Timeout):
        return "No answer in time."
    if isinstance(error, requests.ConnectionError):
        return f"No connection, or it broke: {_root_of(error)}"
    return f"{type(error).__name__}: {error}"


def _root_of(error: BaseException) -> str:
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]  # one of them is there
    return f"{type(error).__name__}: {error}"


class _WatchedConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        watch_socket(sock)
        return sock


class _WatchedSecureConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        watch_socket(sock)
        return sock


class _WatchedPool(HTTPConnectionPool):
    ConnectionCls = _WatchedConnection


class _WatchedSecurePool(HTTPSConnectionPool):
    ConnectionCls = _WatchedSecureConnection


_POOLS = {"http": _WatchedPool, "https": _WatchedSecurePool}


class _WatchedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)  # type: ignore[no-untyped-call]  # requests has no types here
        self.poolmanager.pool_classes_by_scheme = _POOLS


class _WatchedFilter(IPFilterAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)  # type: ignore[no-untyped-call]  # requests has no types here
        self.poolmanager.pool_classes_by_scheme = _POOLS


def _session(*, is_public: bool, is_loopback_allowed: bool) -> requests.Session:
    session = HTTPSession(
        Config(
            ip_filter_enable=is_public,
            ip_filter_allow_loopback_ips=is_loopback_allowed,
            never_redirect=True,
            default_timeout=None,
            user_agent_override=USER_AGENT,
        )
    )
    session.trust_env = False
    for scheme in _POOLS:
        session.mount(
            f"{scheme}://", _adapter(scheme, is_public=is_public, is_loopback_allowed=is_loopback_allowed)
        )
    return session


def _adapter(scheme: str, *, is_public: bool, is_loopback_allowed: bool) -> HTTPAdapter:
    if not is_public:
        return _WatchedAdapter()
    return _WatchedFilter(is_https_proto=scheme == "https", allow_loopback=is_loopback_allowed)
