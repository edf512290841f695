"""The HTTP server over real sockets: bounds for every client, and an answer for the honest ones."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest
import structlog

from contactsync.telemetry import http_server
from tests.polling import until
from tests.unit.telemetry.visits import (
    HOST,
    PATIENCE,
    ask,
    free_port,
    is_cut,
    raw,
    reachable,
    server_at,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contactsync.telemetry.http_app import Answer
    from contactsync.telemetry.http_server import HttpServer

BIG = 8 << 20
SLOW_CLIENTS = 200
REQUESTS = 20


@pytest.fixture
def big_computed() -> threading.Event:
    """Set once the answer of /big was computed."""
    return threading.Event()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def served(port: int, big_computed: threading.Event) -> Iterator[HttpServer]:
    """A server with a short answer, and with one larger than any buffer."""

    def big(_detailed: bool) -> Answer:
        big_computed.set()
        return text(bytes(BIG))

    found = server_at(port, {"/short": lambda _: text(b"hello\n"), "/big": big})
    found.start()
    until(lambda: reachable(port))
    yield found
    found.stop()


@pytest.fixture
def never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection may last an hour."""
    monkeypatch.setattr(http_server, "CONNECTION_SECONDS", 3600.0)


@pytest.mark.parametrize(
    ("method", "status", "body"),
    [("GET", 200, b"hello\n"), ("HEAD", 200, b""), ("POST", 405, b"GET or HEAD\n")],
)
@pytest.mark.usefixtures("served")
def test_it_answers(port: int, method: str, status: int, body: bytes) -> None:
    """Status and body."""
    assert ask(port, method, "/short") == (status, body)


@pytest.mark.usefixtures("served")
def test_an_answer_ends_the_connection(port: int) -> None:
    """A client that sends nothing more holds no place, and the answer names no product to look up exploits for."""
    answer = raw(port, b"GET /short HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.endswith(b"\r\n\r\nhello\n")
    assert b"\r\nConnection: close\r\n" in answer
    assert b"\r\nServer:" not in answer


@pytest.mark.usefixtures("served")
def test_a_request_that_is_not_http_is_refused(port: int) -> None:
    """With a short answer."""
    assert raw(port, b"this is no request\r\n\r\n").startswith(b"HTTP/1.0 400 ")


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\n" + b"x" * (1 << 20),
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"f4240\r\n" + bytes(1_000_000),
    ],
    ids=["head", "body", "chunked"],
)
@pytest.mark.usefixtures("served")
def test_a_request_that_does_not_end_is_cut(port: int, request_: bytes) -> None:
    """After 8 KiB it is refused, so that no client fills the memory."""
    with socket.create_connection((HOST, port), PATIENCE) as link:
        # The server may cut it while the request is being sent.
        with suppress(ConnectionError):
            link.sendall(request_)
        with suppress(ConnectionError):
            assert link.recv(65_536)[9:12] in (b"", b"413", b"431")
    assert ask(port, "GET", "/short")[0] == 200


@pytest.mark.usefixtures("never_cut", "served")
@pytest.mark.parametrize(
    "sent",
    [b"", b"GET /short HT", b"GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ids=["silent", "half a request", "reads nothing"],
)
def test_slow_clients_keep_nobody_waiting(port: int, sent: bytes) -> None:
    """20 of 20 requests are answered while 200 slow clients are connected."""
    with ExitStack() as stack:
        for _ in range(SLOW_CLIENTS):
            stack.enter_context(socket.create_connection((HOST, port), PATIENCE)).sendall(sent)
        assert [ask(port, "GET", "/short") for _ in range(REQUESTS)] == [(200, b"hello\n")] * REQUESTS


@pytest.mark.usefixtures("never_cut")
def test_the_oldest_connection_makes_room(
    served: HttpServer, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of connections is bounded, and yet a new client is served."""
    monkeypatch.setattr(http_server, "MAX_CONNECTIONS", 10)
    with ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection((HOST, port), PATIENCE)) for _ in range(10)]
        for link in slow:
            link.sendall(b"GET /short HT")
        until(lambda: served.open_connections == 10)
        assert ask(port, "GET", "/short") == (200, b"hello\n")
        assert is_cut(slow[0])
        slow[-1].sendall(b"TP/1.1\r\nHost: localhost\r\n\r\n")
        assert slow[-1].recv(12) == b"HTTP/1.1 200"


@pytest.mark.usefixtures("served")
def test_a_silent_client_is_cut(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """After CONNECTION_SECONDS, so that it does not keep its place."""
    monkeypatch.setattr(http_server, "CONNECTION_SECONDS", 0.1)
    with socket.create_connection((HOST, port), PATIENCE) as link:
        link.sendall(b"GET /short HT")
        assert is_cut(link)


def test_a_client_that_does_not_read_is_cut(
    served: HttpServer, port: int, big_computed: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server does not wait forever for the reader of an answer larger than any buffer."""
    monkeypatch.setattr(http_server, "CONNECTION_SECONDS", 0.5)
    with socket.create_connection((HOST, port), PATIENCE) as link:
        link.sendall(b"GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert big_computed.wait(PATIENCE)
        until(lambda: served.open_connections == 0)
        received = 0
        with suppress(ConnectionError):
            while chunk := link.recv(65_536):
                received += len(chunk)
        assert received < BIG


@pytest.mark.usefixtures("never_cut")
def test_unread_answers_hold_little_memory(
    served: HttpServer, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond MAX_UNSENT_BYTES together, the clients that have waited longest lose their answers."""
    monkeypatch.setattr(http_server, "MAX_UNSENT_BYTES", BIG * 3 // 2)
    with ExitStack() as stack:
        links = [stack.enter_context(socket.create_connection((HOST, port), PATIENCE)) for _ in range(4)]
        for link in links:
            link.sendall(b"GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n")
            # Its answer has begun, so the next one is asked for later.
            assert link.recv(12) == b"HTTP/1.1 200"
        until(lambda: served.open_connections < len(links))
        received = 0
        with suppress(ConnectionError):
            while chunk := links[0].recv(65_536):
                received += len(chunk)
        assert received < BIG


@pytest.mark.usefixtures("never_cut")
def test_stopping_does_not_wait_for_clients(served: HttpServer, port: int) -> None:
    """Open connections end with the server."""
    with socket.create_connection((HOST, port), PATIENCE) as link:
        link.sendall(b"GET /short HT")
        until(lambda: served.open_connections == 1)
        assert served.stop()
        assert is_cut(link)
        assert not reachable(port)


def test_a_taken_port_is_logged_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not every attempt is logged; the server starts as soon as the port is free."""
    monkeypatch.setattr(http_server, "RETRY_SECONDS", 0.05)
    with socket.socket() as other, structlog.testing.capture_logs() as logs:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        found = server_at(port, {"/x": lambda _: text(b"x", HTTPStatus.OK)})
        found.start()
        until(lambda: len(logs) >= 3)
        other.close()
        until(lambda: logs[-1]["event"] == "metrics.served")
        assert ask(port, "GET", "/x") == (200, b"x")
        found.stop()
    logged = [(entry["event"], entry["reason"], entry["times"]) for entry in logs[:3]]
    assert logged == [("metrics.unavailable", "Address already in use", times) for times in (1, 2, 4)]
