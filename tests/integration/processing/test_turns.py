"""Several deposits in one turn, and a second daemon that works on the same account."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from contactsync.database import ledger
from contactsync.database.connection import connect
from contactsync.domain.errors import FileRefused
from contactsync.processing import attempts, result_json
from contactsync.processing.pipeline import Pipeline
from contactsync.processing.result_json import Subject
from contactsync.reading.findings import Findings
from tests.integration.processing.deposits import GOOD, A
from tests.polling import until

if TYPE_CHECKING:
    from tests.integration.conftest import Site


class SettledMeanwhile:
    """The ledger's functions; once an attempt has begun, another daemon refuses the deposit."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __getattr__(self, name: str) -> Any:
        return getattr(ledger, name)

    def begin(self, *args: Any, **kwargs: Any) -> Any:
        attempt = ledger.begin(*args, **kwargs)
        assert attempt is not None
        subject = Subject(args[1], args[2], attempt.deposit_id, Findings())
        outcome, counts = result_json.refused(subject, FileRefused("empty_file"))
        ledger.finish(self._site.daemon, args[1], outcome, counts)
        return attempt


def test_a_turn_takes_deposits_for_as_long_as_it_lasts(site: Site) -> None:
    """In the order of their dates, also across actions; nothing is left in `on/`."""
    for number in range(4):
        site.drop(GOOD, f"{number}.csv")
        site.drop(f"Email\n{A}\n", f"{number}.csv", "optoutEMAIL")
    ended: list[None] = []
    worker = site.restarted()
    worker.progressed = lambda: ended.append(None)
    assert site.turn(60, pipeline=worker) is None
    # `run --once` waits as long as deposits are settled.
    assert len(ended) == 8
    assert [row["name"] for row in site.ledger()] == [f"{n}.csv" for n in range(4) for _ in range(2)]
    assert {row["state"] for row in site.ledger()} == {"ok"}
    assert site.boxes()["on"] == []


def test_a_turn_that_is_over_ends_after_the_deposit_in_progress(site: Site) -> None:
    """The next account has its turn, and there is more to do."""
    for number in range(3):
        site.drop(GOOD, f"{number}.csv")
    assert site.turn(0) == 0.0
    assert len(site.ledger()) == 1


def test_a_turn_ends_when_the_daemon_stops(site: Site) -> None:
    """The deposit in progress is finished, and no other one is begun."""
    for number in range(3):
        site.drop(GOOD, f"{number}.csv")
    ended: list[None] = []
    stopping = Pipeline(
        site.pipeline.session,
        site.pipeline.rules,
        stopping=lambda: bool(ended),
        progressed=lambda: ended.append(None),
    )
    assert site.turn(60, pipeline=stopping) == 0.0
    assert [row["state"] for row in site.ledger()] == ["ok"]


def test_a_turn_ends_at_a_deposit_that_is_still_in_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another daemon has settled it in the ledger: its file is moved before the next deposit is begun."""
    for number in range(2):
        site.drop(GOOD, f"{number}.csv")
    monkeypatch.setattr(attempts, "ledger", SettledMeanwhile(site))
    assert site.turn(60) == 0.0
    monkeypatch.undo()
    assert site.boxes()["on"] == ["0.csv"]
    assert site.turn(60) == 0.0
    assert site.boxes()["on"] == []
    assert site.turn(60) is None
    assert [row["state"] for row in site.ledger()] == ["ko", "ok"]


def test_a_deposit_that_another_daemon_finishes_meanwhile_is_not_applied(site: Site) -> None:
    """The other one finishes it while this one, which has read the file, waits for the account."""
    site.drop(GOOD)
    blocked = "SELECT pid FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
    with connect(site.url) as other, ThreadPoolExecutor(1) as threads:
        with other.transaction():
            other.execute("SELECT FROM contactsync.account FOR NO KEY UPDATE")
            step = threads.submit(site.step)
            until(lambda: site.conn.execute(blocked, [other.info.backend_pid]).fetchall())
            other.execute("UPDATE contactsync.deposit SET state = 'ko', reason = 'vanished', result = '{}'")
        assert step.result() == 0.0
    assert site.contacts("email") == []
    assert [row["state"] for row in site.ledger()] == ["ko"]
