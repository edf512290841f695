"""Serves a WSGI application with waitress, from threads that cannot disturb the work.

Everything is bounded: connections, seconds, and bytes. A slow client costs a socket, never a thread, and the oldest
connection makes room for a new one. If the port or the socket is taken, the daemon continues without it and tries
again: deposits are worth more than their metrics.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Any, ClassVar

import structlog
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import create_server

from contactsync.runtime.background import Background
from contactsync.telemetry.http_listeners import Listener
from contactsync.telemetry.log_throttle import Doubling

if TYPE_CHECKING:
    import socket

    from _typeshed.wsgi import WSGIApplication

MAX_CONNECTIONS = 256
"""One more closes the oldest: an honest client is answered within milliseconds, so the oldest is a slow one."""

CONNECTION_SECONDS = 5.0
"""From the connection to the last byte of the answer."""

MAX_REQUEST_BYTES = 8192

MAX_UNSENT_BYTES = 32 << 20
"""The memory that clients who do not read their answers may hold together."""

THREADS = 2
"""An answer that takes long, such as /metrics with a large backlog, does not delay /healthz."""

RETRY_SECONDS = 5.0
"""When a taken port is tried again."""

STOP_SECONDS = 2.0

LOOP_SECONDS = 0.5
"""How often connections are looked at that send and receive nothing."""

log = structlog.get_logger()

# It warns when more requests wait than there are threads, which a scrape beside a health check does.
logging.getLogger("waitress.queue").setLevel(logging.ERROR)


class _Request(HTTPRequestParser):
    """A request whose answer ends its connection: nothing is kept open between two scrapes."""

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the head (RFC 9112 section 9.6: `close`)."""
        super().parse_header(header_plus)
        self.headers: dict[str, str] = {**self.headers, "CONNECTION": "close"}


class _Connection(HTTPChannel):
    """A connection that knows its age by a clock that nobody sets."""

    parser_class = _Request

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.opened = time.monotonic()
        super().__init__(*arguments, **options)


class HttpServer(Background[object, object]):
    """Serves `app` at one place, from one thread for the connections and THREADS for the answers."""

    max_stop_seconds: ClassVar[float] = STOP_SECONDS

    def __init__(self, app: WSGIApplication, listener: Listener) -> None:
        """Prepare the thread."""
        super().__init__("http")
        self._app, self._listener = app, listener
        self._server: Any = None
        self._repeats = Doubling()

    @property
    def open_connections(self) -> int:
        """How many clients are connected."""
        server = self._server
        return 0 if server is None else len(server.active_channels)

    def stop(self, seconds: float = threading.TIMEOUT_MAX) -> bool:
        """End the thread and close open connections."""
        with self._changed:
            self._stopping = True
            if self._server is not None:
                self._server.pull_trigger()
        return super().stop(seconds)

    def _run(self) -> None:
        while not self._stopping:
            try:
                listening = self._listener.open()
            except OSError as error:
                self._log_unavailable(error)
                self._pause(RETRY_SECONDS)
            else:
                log.info("metrics.served", address=self._listener.address, port=self._listener.port)
                try:
                    self._serve(listening)
                finally:
                    self._listener.close()

    def _log_unavailable(self, error: OSError) -> None:
        reason = os.strerror(error.errno or 0)
        if times := self._repeats.count(reason):
            log.error(
                "metrics.unavailable",
                address=self._listener.address,
                port=self._listener.port,
                reason=reason,
                times=times,
            )

    def _serve(self, listening: socket.socket) -> None:
        """Answer requests until `stop`."""
        parts: dict[int, Any] = {}
        server: Any = create_server(
            self._app,
            map=parts,
            sockets=[listening],
            threads=THREADS,
            ident=None,
            max_request_header_size=MAX_REQUEST_BYTES,
            max_request_body_size=MAX_REQUEST_BYTES,
            # Answers stay in memory, and no answer waits for the reader of another.
            outbuf_overflow=MAX_UNSENT_BYTES,
            outbuf_high_watermark=MAX_UNSENT_BYTES,
            # `_close_old` keeps the limits. Waitress would stop accepting, which is what a slow client wants.
            connection_limit=2 * MAX_CONNECTIONS,
            log_socket_errors=False,
        )
        server.channel_class = _Connection
        with self._changed:
            self._server = server
        while not self._stopping:
            # poll(2): select(2) fails on descriptors above 1023, and 64 workers hold more.
            wasyncore.loop(timeout=LOOP_SECONDS, use_poll=True, map=parts, count=1)
            self._close_old(server)
        with self._changed:
            self._server = None
        # First the threads: one that is done with an answer writes to a pipe that must still be open.
        server.task_dispatcher.shutdown(timeout=STOP_SECONDS / 2)
        wasyncore.close_all(parts, ignore_all=True)

    def _close_old(self, server: Any) -> None:
        """Close connections beyond a limit, the oldest first: in the order in which waitress holds them."""
        connections: list[_Connection] = list(server.active_channels.values())
        surplus = len(connections) - MAX_CONNECTIONS
        unsent = sum(each.total_outbufs_len for each in connections) - MAX_UNSENT_BYTES
        expired = time.monotonic() - CONNECTION_SECONDS
        for position, each in enumerate(connections):
            waiting = each.total_outbufs_len
            if position < surplus or each.opened < expired or (unsent > 0 and waiting):
                unsent -= waiting
                each.handle_close()
