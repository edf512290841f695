"""The sweeper's thread: what it logs and counts when a round fails, and when its rounds begin."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from contactsync.accounts import store
from contactsync.domain.account import Account
from contactsync.retention import sweep
from contactsync.retention.sweeper import Sweeper
from contactsync.retention.swept import Swept
from contactsync.settings.settings import Settings
from contactsync.telemetry.metrics import Metrics
from tests.integration.conftest import Site

DEADLINE = 60.0


class Rounds:
    """A sweeper whose rounds the test runs one by one; `fault` is what the next batch raises."""

    def __init__(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        self.site, self.metrics = site, Metrics()
        self.settings = Settings(ftp_root=site.root, database_url=site.url, keep_settled_days=1)
        self.sweeper = Sweeper(self.settings, site.url, site.pins, self.metrics)
        self.fault: Exception | None = None
        monkeypatch.setattr(sweep, "remove_files", self._remove_files)

    def _remove_files(self, *_: object) -> Swept:
        if self.fault is not None:
            raise self.fault
        return Swept()

    def run(self, fault: Exception | None, account: Account | None = None) -> bool:
        self.fault = fault
        return self.sweeper._attend(account or self.site.account, self.settings)

    def count(self, kind: str) -> float:
        return self.metrics.registry.get_sample_value("contactsync_troubles_total", {"kind": kind}) or 0.0


@pytest.fixture
def rounds(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rounds]:
    found = Rounds(site, monkeypatch)
    yield found
    found.sweeper._session.close()


def shown(lines: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Each line's event, and the bug's type or the reason."""
    return [
        (line["event"], type(line["exc_info"]).__name__ if "exc_info" in line else line["reason"])
        for line in lines
    ]


def test_a_different_fault_is_logged_and_so_is_one_that_returns(
    rounds: Rounds, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    """Every failed round counts, so that the alert for bugs can fire."""
    denied = PermissionError(errno.EACCES, "Permission denied", "secret_name.csv")
    for fault in (KeyError("a"), ZeroDivisionError(), None, ValueError("b"), denied, None, denied):
        assert rounds.run(fault)
    assert shown(logged()) == [
        ("bug", "KeyError"),
        ("bug", "ZeroDivisionError"),
        ("bug", "ValueError"),
        ("retention.waits", "Permission denied"),
        ("retention.waits", "Permission denied"),
    ]
    assert {line["account"] for line in logged()} == {"acme"}
    assert (rounds.count("bug"), rounds.count("retention")) == (3, 2)


def test_a_lasting_fault_is_logged_once_and_counted_every_time(
    rounds: Rounds, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    bug = KeyError("a")
    for _ in range(5):
        rounds.run(bug.with_traceback(None))
    assert shown(logged()) == [("bug", "KeyError")]
    assert rounds.count("bug") == 5


def test_a_fault_of_one_account_does_not_hide_that_of_another(
    rounds: Rounds, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    rounds.site.conn.execute("INSERT INTO contactsync.account (name) VALUES ('beta')")
    other = next(each for each in store.every(rounds.site.daemon) if each.name == "beta")
    (rounds.site.root / "beta/contacts").mkdir(parents=True)
    for account in (rounds.site.account, other) * 2:
        rounds.run(PermissionError(errno.EACCES, "Permission denied"), account)
    assert [line["account"] for line in logged()] == ["acme", "beta"]


def test_an_unreachable_database_counts_but_is_left_to_the_pool_to_log(
    site: Site, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    """The account is tried again; the outage itself is one line of the daemon (`database.away`)."""
    metrics = Metrics()
    settings = Settings(ftp_root=site.root, database_url=site.url, keep_settled_days=1)
    sweeper = Sweeper(settings, "postgresql://nobody@127.0.0.1:1/nothing", site.pins, metrics)
    assert not sweeper._attend(site.account, settings)
    found = metrics.registry.get_sample_value("contactsync_troubles_total", {"kind": "database"})
    assert (found, logged()) == (1, [])


def test_new_settings_start_a_round_even_if_they_come_during_one(
    rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next regular round would be six hours away."""
    begun, go_on = threading.Semaphore(0), threading.Semaphore(0)
    days: list[int] = []

    def wait(_conn: object, _account: object, _spool: object, keep: int, _after: object) -> Swept:
        days.append(keep)
        begun.release()
        assert go_on.acquire(timeout=DEADLINE)
        return Swept()

    monkeypatch.setattr(sweep, "remove_files", wait)
    rounds.sweeper.update([rounds.site.account])
    rounds.sweeper.start()
    try:
        assert begun.acquire(timeout=DEADLINE)
        rounds.sweeper.configure(rounds.settings.model_copy(update={"keep_settled_days": 2}))
        go_on.release()
        assert begun.acquire(timeout=DEADLINE)
        go_on.release()
    finally:
        rounds.sweeper.max_stop_seconds = DEADLINE  # type: ignore[misc]  # of this object alone
        assert rounds.sweeper.stop(DEADLINE)
    assert days == [1, 2]
