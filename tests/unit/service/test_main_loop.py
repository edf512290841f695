"""The passes of the main loop: no error ends the daemon."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from contactsync.domain.errors import DatabaseRefuses, FileRefused
from contactsync.service.daemon import Daemon
from contactsync.service.roster import SchemaRefused
from contactsync.settings.settings import Settings
from contactsync.telemetry.outage import DatabaseOutage


class Parts:
    """What a pass uses; reading the accounts ends with an error."""

    def __init__(self, error: Callable[[], Exception]) -> None:
        self.error = error
        self.scans = 0
        self.pool = SimpleNamespace(outage=DatabaseOutage())
        self.roster = SimpleNamespace(refresh=self._fail)

    def _fail(self) -> None:
        raise self.error()

    def check(self) -> None:
        """Nothing hangs."""

    def rescan(self) -> None:
        self.scans += 1


def passes(daemon: Daemon, parts: Any, count: int) -> list[Any]:
    """Make so many passes; what is logged."""
    with structlog.testing.capture_logs() as logs:
        for _ in range(count):
            assert daemon._attempt(parts, None, known=True) is True
    return list(logs)


@pytest.mark.parametrize(
    "error", [KeyError, lambda: FileRefused("database_refused"), lambda: OSError(5, "x"), MemoryError]
)
def test_an_unexpected_error_is_logged_and_the_loop_goes_on(error: Callable[[], Exception]) -> None:
    """The 1st, 2nd, 4th, 8th time, without its text."""
    logs = passes(Daemon(Settings()), Parts(error), 8)
    assert [(entry["event"], entry["where"], entry["failures"]) for entry in logs] == [
        ("bug", "main thread", times) for times in (1, 2, 4, 8)
    ]


def test_a_database_that_refuses_is_waited_for() -> None:
    """The log names the fix, and the folders are scanned meanwhile."""
    parts = Parts(lambda: DatabaseRefuses("password authentication failed", "write it down"))
    (entry,) = passes(Daemon(Settings()), parts, 3)
    assert (entry["event"], entry["log_level"]) == ("database.refuses", "error")
    assert (entry["reason"], entry["fix"]) == ("password authentication failed", "write it down")
    assert parts.scans == 3


def test_once_ends_if_the_schema_does_not_fit() -> None:
    """Nobody waits for a migration there; a daemon does."""
    with pytest.raises(SchemaRefused):
        passes(Daemon(Settings(), once=True), Parts(lambda: SchemaRefused("it lacks 0001")), 1)
    (entry,) = passes(Daemon(Settings()), Parts(lambda: SchemaRefused("it lacks 0001")), 1)
    assert entry["event"] == "database.refuses"
