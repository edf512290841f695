"""What is served over HTTP, as a WSGI application (PEP 3333): routes, who may ask, and how often an answer is computed.

The application knows nothing of sockets; `telemetry/http_server.py` serves it.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from contactsync.telemetry.log import reason_of
from contactsync.telemetry.log_throttle import Doubling

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

FRESH_SECONDS = 1.0
"""For this long an answer is given again before it is computed again."""

MIN_TOKEN_CHARACTERS = 16
"""A shorter token could be guessed."""

MAX_TOKEN_BYTES = 4096

_HOST = re.compile(r"(?:\[(?P<literal>[0-9a-f:.]+)\]|(?P<name>[^:\[\]]+))(?::[0-9]*)?")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a path answers now."""

    status: HTTPStatus
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Hosts:
    """The Host headers that are answered: a page of another site cannot read the answers by DNS rebinding.

    Rebinding needs a name that the attacker controls. Names are therefore only `localhost` and `names`; addresses are
    loopback and `address`, or any address if `address` is `0.0.0.0` or `::`.
    """

    address: str | None = None
    names: frozenset[str] = frozenset()

    def allow(self, host: str) -> bool:
        """Whether a request with this Host header (RFC 9110 section 7.2: `host[:port]`) is answered."""
        if not (match := _HOST.fullmatch(host.lower())):
            return False
        name: str = match["literal"] or match["name"]
        try:
            found = ipaddress.ip_address(name)
        except ValueError:
            return name.removesuffix(".") in self.names | {"localhost"}
        if found.is_loopback or self.address is None:
            return found.is_loopback
        bound = ipaddress.ip_address(self.address)
        return bound.is_unspecified or found == bound


@dataclass
class Token:
    """The secret in `path` that opens the details; None: nothing opens them. Read at each use, so it can be changed."""

    path: Path | None
    _repeats: Doubling = field(default_factory=Doubling)

    def opens(self, authorization: str) -> bool:
        """Whether an Authorization header (RFC 6750: `Bearer <token>`) holds the token."""
        scheme, _, shown = authorization.partition(" ")
        expected = self._read()
        # WSGI passes headers as Latin-1. The time of the comparison does not depend on what is equal.
        given = shown.strip().encode("latin-1", "replace")
        return expected is not None and scheme.lower() == "bearer" and hmac.compare_digest(given, expected)

    def _read(self) -> bytes | None:
        if self.path is None:
            return None
        try:
            with self.path.open("rb") as file:
                token = file.read(MAX_TOKEN_BYTES).strip()
        except OSError as error:
            self._log_unusable(reason_of(error))
            return None
        if len(token) < MIN_TOKEN_CHARACTERS:
            self._log_unusable(f"it must contain at least {MIN_TOKEN_CHARACTERS} characters")
            return None
        return token

    def _log_unusable(self, reason: str) -> None:
        if times := self._repeats.count(reason):
            log.error("metrics.token_unusable", path=str(self.path), reason=reason, times=times)


_TEXT = "text/plain; charset=utf-8"
_NOT_ALLOWED = Answer(HTTPStatus.METHOD_NOT_ALLOWED, _TEXT, b"GET or HEAD\n")
_NO_HOST = Answer(HTTPStatus.BAD_REQUEST, _TEXT, b"HTTP/1.1 needs a Host header\n")
_OTHER_HOST = Answer(
    HTTPStatus.MISDIRECTED_REQUEST, _TEXT, b"this server does not have that name: see http_hosts\n"
)
_BAD_TOKEN = Answer(HTTPStatus.UNAUTHORIZED, _TEXT, b"the token is not that of metrics_token_file\n")
_BUG = Answer(HTTPStatus.INTERNAL_SERVER_ERROR, _TEXT, b"a bug: see the log\n")


@dataclass
class _Route:
    """One path for one kind of visitor. Requests that arrive together cost one computation."""

    make: Callable[[], Answer]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _last: tuple[float, Answer] | None = None
    _repeats: Doubling = field(default_factory=Doubling)

    def answer(self, path: str) -> Answer:
        # While another thread computes it, the previous answer will do: no thread is kept from other paths.
        last = self._last
        if not self._lock.acquire(blocking=last is None) and last is not None:
            return last[1]
        try:
            if self._last is None or time.monotonic() - self._last[0] >= FRESH_SECONDS:
                self._last = (time.monotonic(), self._compute(path))
            return self._last[1]
        finally:
            self._lock.release()

    def _compute(self, path: str) -> Answer:
        try:
            return self.make()
        except Exception as error:
            if self._repeats.count(path):
                log.error("bug", where=path, exc_info=error)
            return _BUG


class HttpApp:
    """The WSGI application. `answers` maps each path to what computes its answer, given whether it may show details."""

    def __init__(self, answers: Mapping[str, Callable[[bool], Answer]], hosts: Hosts, token: Token) -> None:
        """Prepare a route per path and kind of visitor."""
        self._hosts, self._token = hosts, token
        paths = " and ".join(answers)
        self._not_found = Answer(HTTPStatus.NOT_FOUND, _TEXT, f"{paths} are here\n".encode())
        self._routes = {
            (path, detailed): _Route(lambda make=make, detailed=detailed: make(detailed))  # type: ignore[misc]  # binds the loop's values
            for path, make in answers.items()
            for detailed in (False, True)
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        answer = self._answer(environ)
        headers = [
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(answer.body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        if answer is _BAD_TOKEN:
            headers.append(("WWW-Authenticate", "Bearer"))
        start_response(f"{answer.status.value} {answer.status.phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def _answer(self, environ: WSGIEnvironment) -> Answer:
        host = environ.get("HTTP_HOST")
        if host is None and environ["SERVER_PROTOCOL"] != "HTTP/1.0":
            return _NO_HOST
        if host is not None and not self._hosts.allow(host):
            return _OTHER_HOST
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _NOT_ALLOWED
        authorization = environ.get("HTTP_AUTHORIZATION")
        if authorization is not None and not self._token.opens(authorization):
            return _BAD_TOKEN
        path = environ["PATH_INFO"]
        route = self._routes.get((path, authorization is not None))
        return self._not_found if route is None else route.answer(path)
