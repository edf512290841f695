"""What `/metrics` and `/healthz` answer: connects the running daemon to the HTTP server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path

from prometheus_client.exposition import generate_latest

from contactsync.database import ledger
from contactsync.database.connection import Session
from contactsync.domain.errors import Retryable
from contactsync.runtime.attended import Attended
from contactsync.settings.settings import Settings
from contactsync.telemetry import backlog, health
from contactsync.telemetry.gauges import Gauges, Latest
from contactsync.telemetry.http_app import Answer, Hosts, HttpApp, Token
from contactsync.telemetry.http_listeners import Listener, TcpListener, UnixListener
from contactsync.telemetry.http_server import HttpServer
from contactsync.telemetry.metrics import Metrics
from contactsync.telemetry.status import DaemonStatus

_LEDGER = threading.Lock()

TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class Pulse:
    """When the main loop made its last pass."""

    def __init__(self) -> None:
        """The first pass is about to begin."""
        self.beat()

    def beat(self) -> None:
        """Note that a pass has ended: accounts were read, folders were scanned."""
        self.wall, self._monotonic = time.time(), time.monotonic()

    @property
    def silent(self) -> float:
        """Seconds since the last pass."""
        return time.monotonic() - self._monotonic


def monitoring(
    settings: Settings,
    metrics: Metrics,
    condition: Callable[[], DaemonStatus],
    homes: Callable[[], Iterable[Path]],
    pulse: Pulse,
    *,
    session: Session,
    attended: Attended[Path],
) -> list[HttpServer]:
    """Return the servers that the settings ask for, not started yet; an empty list if they ask for none. `session` is used for nothing else."""
    listeners = _listeners(settings)
    if not listeners:
        return []
    limit = health.loop_limit(settings.rescan_seconds, embedded=settings.database_url is None)
    metrics.registry.register(
        Gauges(
            condition,
            lambda: backlog.look(homes(), settings.ignores, attended),
            lambda: pulse.wall,
            lambda: _latest(session),
        )
    )

    def answer_metrics(_detailed: bool) -> Answer:
        return Answer(HTTPStatus.OK, TEXT_FORMAT, generate_latest(metrics.registry))

    def answer_health(detailed: bool) -> Answer:
        now, silent = condition(), pulse.silent
        verdict = health.judge(now, loop_silent=silent, loop_limit=limit, detailed=detailed)
        status = HTTPStatus.SERVICE_UNAVAILABLE if verdict.failing else HTTPStatus.OK
        body = json.dumps(health.as_mapping(verdict, now, silent, detailed=detailed), ensure_ascii=False)
        return Answer(status, "application/json", body.encode() + b"\n")

    app = HttpApp(
        {"/metrics": answer_metrics, "/healthz": answer_health},
        Hosts(settings.metrics_address, frozenset(settings.http_hosts)),
        Token(settings.metrics_token_file),
    )
    return [HttpServer(app, listener) for listener in listeners]


def _latest(session: Session) -> Latest:
    """The last deposits in the ledger; nothing while the database does not answer, which other metrics show."""
    try:
        # The port and the socket have a thread each.
        with _LEDGER, session() as conn:
            return ledger.latest(conn)
    except Retryable:
        return ()


def _listeners(settings: Settings) -> list[Listener]:
    """Where the settings ask for HTTP. Each place has its own threads: one cannot slow the other down."""
    found: list[Listener] = []
    if settings.metrics_port is not None:
        found.append(TcpListener(settings.metrics_address, settings.metrics_port))
    if settings.metrics_socket is not None:
        found.append(UnixListener(settings.metrics_socket))
    return found
