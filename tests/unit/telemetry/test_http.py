"""The server of `/metrics` and `/healthz` over real sockets: short answers, and bounds for every client."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from contextlib import ExitStack, closing, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest
import structlog

from contactsync.telemetry import http as server
from contactsync.telemetry.http import MAX_CONNECTIONS, Answer, MetricsServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOST = "127.0.0.1"
PATIENCE = 60.0
BIG = 8 << 20


def free_port() -> int:
    """A port that is free at the moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _fail() -> Answer:
    raise ValueError("planted@example.com")


@pytest.fixture
def made() -> list[int]:
    """One entry per answer of /count that was computed."""
    return []


@pytest.fixture
def big_computed() -> threading.Event:
    """Set once the answer of /big was computed."""
    return threading.Event()


@pytest.fixture
def never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection may last an hour, and a stop as long as the test has patience."""
    monkeypatch.setattr(server, "CONNECTION_SECONDS", 3600.0)
    monkeypatch.setattr(server, "STOP_SECONDS", PATIENCE)


@pytest.fixture
def served(made: list[int], big_computed: threading.Event) -> Iterator[MetricsServer]:
    """A server with an answer, a bug, and an answer larger than any buffer."""

    def count() -> Answer:
        made.append(1)
        return Answer(HTTPStatus.OK, "text/plain", b"hello\n")

    def big() -> Answer:
        big_computed.set()
        return Answer(HTTPStatus.OK, "text/plain", bytes(BIG))

    found = MetricsServer(
        HOST,
        free_port(),
        {
            "/count": count,
            "/bug": _fail,
            "/big": big,
            "/ill": lambda: Answer(HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", b"ill\n"),
        },
    )
    found.start()
    until(lambda: reachable(found.port))
    assert ask(found, "GET", "/ill")[0] == 503
    until(lambda: found._open == 0)
    yield found
    found.stop()


def until(done: Callable[[], object]) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def reachable(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), 1).close()
    except OSError:
        return False
    return True


def ask(server: MetricsServer, method: str, path: str) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection(HOST, server.port, timeout=PATIENCE)) as link:
        link.request(method, path)
        response = link.getresponse()
        return response.status, response.read()


def raw(server: MetricsServer, request: bytes) -> bytes:
    with socket.create_connection((HOST, server.port), PATIENCE) as link:
        link.sendall(request)
        return b"".join(iter(lambda: link.recv(65_536), b""))


def is_cut(link: socket.socket) -> bool:
    """Wait for the server's next byte; returns whether it closed the connection instead."""
    try:
        return link.recv(1) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/count", 200, b"hello\n"),
        ("GET", "/count?format=x", 200, b"hello\n"),
        ("HEAD", "/count", 200, b""),
        ("GET", "/ill", 503, b"ill\n"),
        ("GET", "/nowhere", 404, b"/metrics and /healthz are here\n"),
        ("GET", "/../count", 404, b"/metrics and /healthz are here\n"),
        ("POST", "/count", 405, b"GET or HEAD\n"),
    ],
)
def test_it_answers(served: MetricsServer, method: str, path: str, status: int, body: bytes) -> None:
    """Status and body, and the connection is closed."""
    assert ask(served, method, path) == (status, body)


def test_a_request_that_is_not_http_is_refused(served: MetricsServer) -> None:
    """With a short answer."""
    assert raw(served, b"EHLO here\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_a_request_that_does_not_end_is_cut(served: MetricsServer) -> None:
    """After 8 KiB the connection is closed, so that no client fills the memory."""
    with socket.create_connection((HOST, served.port), PATIENCE) as link:
        # The server may cut it while the request is being sent.
        with suppress(ConnectionError):
            link.sendall(b"GET / HTTP/1.1\r\n" + b"x" * (1 << 20))
        assert is_cut(link)
    assert ask(served, "GET", "/count")[0] == 200


def test_a_bug_is_answered_without_its_text(served: MetricsServer) -> None:
    """500, a line in the log, and the server continues."""
    with structlog.testing.capture_logs() as logs:
        assert ask(served, "GET", "/bug") == (500, b"a bug: see the log\n")
    assert [entry["event"] for entry in logs] == ["bug"]
    assert ask(served, "GET", "/count")[0] == 200


def test_many_clients_cost_one_answer(
    served: MetricsServer, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer is computed again once it is no longer fresh."""
    monkeypatch.setattr(server, "FRESH_SECONDS", 3600.0)
    for _ in range(20):
        assert ask(served, "GET", "/count")[0] == 200
    assert len(made) == 1
    monkeypatch.setattr(server, "FRESH_SECONDS", 0.0)
    ask(served, "GET", "/count")
    assert len(made) == 2


@pytest.mark.usefixtures("never_cut")
def test_the_number_of_connections_is_bounded(served: MetricsServer) -> None:
    """A client beyond the bound is turned away at once; one that comes after the others have gone is served."""
    with ExitStack() as stack:
        silent = [
            stack.enter_context(socket.create_connection((HOST, served.port), PATIENCE))
            for _ in range(MAX_CONNECTIONS)
        ]
        for link in silent:
            link.sendall(b"GET /count HT")
        until(lambda: served._open == MAX_CONNECTIONS)
        with pytest.raises(OSError, match=r"reset|closed|disconnected|refused"):
            ask(served, "GET", "/count")
    until(lambda: served._open == 0)
    assert ask(served, "GET", "/count") == (200, b"hello\n")


def test_a_silent_client_is_cut(served: MetricsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """After CONNECTION_SECONDS, so that it does not keep its place."""
    monkeypatch.setattr(server, "CONNECTION_SECONDS", 0.1)
    with socket.create_connection((HOST, served.port), PATIENCE) as link:
        link.sendall(b"GET /count HT")
        assert is_cut(link)


def test_a_client_that_does_not_read_is_cut(
    served: MetricsServer, big_computed: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server does not wait forever for the reader of an answer larger than any buffer."""
    monkeypatch.setattr(server, "CONNECTION_SECONDS", 0.5)
    with socket.create_connection((HOST, served.port), PATIENCE) as link:
        link.sendall(b"GET /big HTTP/1.1\r\n\r\n")
        assert big_computed.wait(PATIENCE)
        until(lambda: served._open == 0)
        received = 0
        with suppress(ConnectionError):
            while chunk := link.recv(65_536):
                received += len(chunk)
        assert received < BIG


@pytest.mark.usefixtures("never_cut")
def test_stopping_does_not_wait_for_clients(served: MetricsServer) -> None:
    """Open connections end with the server."""
    with socket.create_connection((HOST, served.port), PATIENCE) as link:
        link.sendall(b"GET /count HT")
        until(lambda: served._open == 1)
        served.stop()
        assert served._thread is not None
        assert not served._thread.is_alive()
        assert not reachable(served.port)


def test_a_taken_port_is_logged_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not every attempt is logged; the server starts as soon as the port is free."""
    monkeypatch.setattr(server, "RETRY_SECONDS", 0.05)
    found = MetricsServer(HOST, 0, {"/x": lambda: Answer(HTTPStatus.OK, "text/plain", b"x")})
    with socket.socket() as other, structlog.testing.capture_logs() as logs:
        other.bind((HOST, 0))
        other.listen()
        found.port = other.getsockname()[1]
        found.start()
        until(lambda: len(logs) >= 3)
        other.close()
        until(lambda: logs[-1]["event"] == "metrics.served")
        assert ask(found, "GET", "/x") == (200, b"x")
    found.stop()
    logged = [(entry["event"], entry["reason"], entry["times"]) for entry in logs[:3]]
    assert logged == [("metrics.unavailable", "Address already in use", times) for times in (1, 2, 4)]
