"""`/metrics` and `/healthz` over HTTP, from one thread that cannot disturb the work.

Everything is bounded: connections, seconds, bytes, and how often an answer is computed. If the port is taken, the
daemon continues without it and tries again: deposits are worth more than their metrics.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import ClassVar

import structlog

from contactsync.runtime.background import Background
from contactsync.telemetry.log_throttle import Doubling

MAX_CONNECTIONS = 16
"""Further connections are closed without an answer."""

CONNECTION_SECONDS = 5.0
"""From the first byte to the last."""

MAX_REQUEST_BYTES = 8192

FRESH_SECONDS = 1.0
"""For this long an answer is given again before it is computed again."""

RETRY_SECONDS = 5.0
"""When the port is tried again."""

STOP_SECONDS = 2.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a path answers now."""

    status: HTTPStatus
    content_type: str
    body: bytes


_NOT_FOUND = Answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"/metrics and /healthz are here\n")
_NOT_ALLOWED = Answer(HTTPStatus.METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", b"GET or HEAD\n")
_BAD = Answer(HTTPStatus.BAD_REQUEST, "text/plain; charset=utf-8", b"this is HTTP/1.1\n")
_BUG = Answer(HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", b"a bug: see the log\n")


@dataclass
class MetricsServer(Background[object, object]):
    """The server; `answers` maps each path to the function that computes its answer, one at a time."""

    max_stop_seconds: ClassVar[float] = STOP_SECONDS

    address: str
    port: int
    answers: Mapping[str, Callable[[], Answer]]
    _made: dict[str, tuple[float, Answer]] = field(default_factory=dict)
    _repeats: Doubling = field(default_factory=Doubling)
    _open: int = 0
    _loop: asyncio.AbstractEventLoop | None = None
    _stopped: asyncio.Event | None = None
    _ready: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Prepare the thread."""
        super().__init__("http")

    def start(self) -> None:
        """Start the thread."""
        super().start()
        self._ready.wait(STOP_SECONDS)

    def stop(self, seconds: float = threading.TIMEOUT_MAX) -> bool:
        """End the thread and close open connections."""
        if self._loop is not None and self._stopped is not None:
            # The loop may have ended.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stopped.set)
        return super().stop(seconds)

    def _run(self) -> None:
        asyncio.run(self._listen())

    async def _listen(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        while not self._stopped.is_set():
            try:
                server = await asyncio.start_server(
                    self._serve, self.address, self.port, limit=MAX_REQUEST_BYTES, reuse_address=True
                )
            except OSError as error:
                if times := self._repeats.count("unavailable"):
                    reason = os.strerror(error.errno or 0)
                    log.error(
                        "metrics.unavailable",
                        address=self.address,
                        port=self.port,
                        reason=reason,
                        times=times,
                    )
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopped.wait(), RETRY_SECONDS)
            else:
                log.info("metrics.served", address=self.address, port=self.port)
                await self._stopped.wait()
                # Open connections end with the loop.
                server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= MAX_CONNECTIONS:
            writer.transport.abort()
            return
        self._open += 1
        try:
            async with asyncio.timeout(CONNECTION_SECONDS):
                writer.write(self._respond(await reader.readuntil(b"\r\n\r\n")))
                writer.close()
                await writer.wait_closed()
        # TimeoutError is an OSError.
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass
        finally:
            self._open -= 1
            writer.transport.abort()

    def _respond(self, request: bytes) -> bytes:
        """The response to a request's head; the connection is closed after it."""
        method, _, rest = request.partition(b"\r\n")[0].partition(b" ")
        target, _, version = rest.rpartition(b" ")
        if not version.startswith(b"HTTP/1."):
            answer = _BAD
        elif method not in (b"GET", b"HEAD"):
            answer = _NOT_ALLOWED
        else:
            answer = self._answer(target.partition(b"?")[0].decode("latin-1"))
        head = (
            f"HTTP/1.1 {answer.status.value} {answer.status.phrase}\r\n"
            f"Content-Type: {answer.content_type}\r\n"
            f"Content-Length: {len(answer.body)}\r\n"
            "Cache-Control: no-store\r\n"
            "Connection: close\r\n\r\n"
        )
        return head.encode() + (b"" if method == b"HEAD" else answer.body)

    def _answer(self, path: str) -> Answer:
        make = self.answers.get(path)
        if make is None:
            return _NOT_FOUND
        made_at, answer = self._made.get(path, (float("-inf"), _BUG))
        if time.monotonic() - made_at >= FRESH_SECONDS:
            try:
                answer = make()
            except Exception as error:
                answer = _BUG
                if self._repeats.count("bug"):
                    log.error("bug", where=path, exc_info=error)
            self._made[path] = (time.monotonic(), answer)
        return answer
