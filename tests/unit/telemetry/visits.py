"""A real HTTP server in this process, and clients that talk to it."""

from __future__ import annotations

import http.client
import socket
from contextlib import closing
from http import HTTPStatus
from typing import TYPE_CHECKING

from contactsync.telemetry.http_app import Answer, Hosts, HttpApp, Token
from contactsync.telemetry.http_listeners import TcpListener
from contactsync.telemetry.http_server import HttpServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HOST = "127.0.0.1"
PATIENCE = 60.0


def free_port() -> int:
    """A port that is free at the moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def text(body: bytes, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    return Answer(status, "text/plain", body)


def server_at(port: int, answers: Mapping[str, Callable[[bool], Answer]]) -> HttpServer:
    """A server of these paths, not started yet."""
    return HttpServer(HttpApp(answers, Hosts(HOST), Token(None)), TcpListener(HOST, port))


def reachable(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), 1).close()
    except OSError:
        return False
    return True


def ask(port: int, method: str, path: str) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection(HOST, port, timeout=PATIENCE)) as link:
        link.request(method, path)
        response = link.getresponse()
        return response.status, response.read()


def raw(port: int, request: bytes) -> bytes:
    """Everything that is answered to these bytes, until the connection is closed."""
    with socket.create_connection((HOST, port), PATIENCE) as link:
        link.sendall(request)
        return b"".join(iter(lambda: link.recv(65_536), b""))


def is_cut(link: socket.socket) -> bool:
    """Wait for the server's next byte; returns whether it closed the connection instead."""
    try:
        return link.recv(1) == b""
    except ConnectionError:
        return True
