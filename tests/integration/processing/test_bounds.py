"""The bounds of one deposit: processor time, merges that time out, and its share of the workers."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from contactsync.database.connection import Session
from contactsync.domain.errors import Retryable
from contactsync.processing import apply
from contactsync.processing.isolation import Isolation
from contactsync.processing.pipeline import Pipeline
from contactsync.processing.share import LARGE_BYTES, Postponed, Share
from contactsync.reading import container
from tests.integration.processing.deposits import GOOD, IMPORT, admit, cut_off, everything, zipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.integration.conftest import Site

ROWS = "".join(f"p{n}@example-mail.fr\n" for n in range(20_000))
LARGE = f"Email\n{ROWS}"
NO_WORKER = Share(is_long=False, enter_long=lambda: False)
TRIES = 50
Locked = psycopg.Connection[Any]


@pytest.fixture
def locked(site: Site) -> Iterator[Locked]:
    """Somebody has locked the contacts: a merge waits until its statement times out."""
    with psycopg.connect(site.url) as conn:
        conn.execute("LOCK TABLE contactsync.contact IN ACCESS EXCLUSIVE MODE")
        yield conn


def with_timeout(site: Site) -> Pipeline:
    """The pipeline of a new process whose database ends a statement after a second."""
    pipeline = Pipeline(
        Session(make_conninfo(site.url, options="-c statement_timeout=1s")), site.pipeline.rules
    )
    site.made.append(pipeline)
    return pipeline


def try_until(site: Site, pipeline: Pipeline, done: Callable[[], bool]) -> None:
    """Step until something is true; a busy machine may let other statements time out too."""
    for _ in range(TRIES):
        if done():
            return
        with suppress(Retryable):
            site.step(pipeline=pipeline)
    raise AssertionError("it did not happen")


def timeouts(site: Site) -> list[int]:
    """How many merges of each deposit have timed out, by the ledger."""
    return [row["merge_timeouts"] for row in site.ledger()]


def test_a_file_that_costs_too_much_is_refused(site: Site) -> None:
    """As a whole: nothing of it is applied, and the other files are."""
    site.pipeline.rules = replace(site.pipeline.rules, max_cpu_seconds=1e-6)
    row = site.apply(GOOD, "costly.csv")
    assert (row["state"], row["reason"]) == ("ko", "too_expensive")
    assert everything(site) == [[]] * 5
    site.pipeline.rules = replace(site.pipeline.rules, max_cpu_seconds=300)
    assert site.apply(GOOD, "cheap.csv")["state"] == "ok"


def test_a_merge_that_times_out_three_times_is_refused(site: Site, locked: Locked) -> None:
    """The ledger counts, so a restart in between changes nothing; no attempt counts."""
    site.drop(GOOD)
    try_until(site, with_timeout(site), lambda: timeouts(site) == [1])
    try_until(site, with_timeout(site), lambda: timeouts(site) == [2])
    assert [(row["state"], row["attempts"]) for row in site.ledger()] == [("on", 0)]
    try_until(site, with_timeout(site), lambda: site.boxes()["ko"] != [])
    assert [(row["state"], row["reason"], row["merge_timeouts"]) for row in site.ledger()] == [
        ("ko", "too_large", 3)
    ]
    locked.rollback()
    assert everything(site) == [[]] * 5


def test_a_merge_that_succeeds_after_a_timeout_is_applied(site: Site, locked: Locked) -> None:
    """One slow moment of the database refuses nothing."""
    site.drop(GOOD)
    try_until(site, with_timeout(site), lambda: timeouts(site) == [1])
    locked.rollback()
    site.work()
    assert [(row["state"], row["inserted"]) for row in site.ledger()] == [("ok", 1)]


def test_a_large_upload_waits_in_in_for_a_worker(site: Site) -> None:
    """Not even claimed, so it keeps its place and its date."""
    assert len(LARGE) > LARGE_BYTES
    site.drop(LARGE)
    site.pipeline.share = NO_WORKER
    with pytest.raises(Postponed):
        site.step()
    assert site.boxes()["in"] == ["list.csv"]
    assert site.ledger() == []
    site.pipeline.share = Share()
    assert [row["inserted"] for row in site.work()] == [20_000]


def test_a_small_upload_that_turns_out_to_be_slow_starts_over(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has changed nothing, waits in `on/`, and no attempt counts."""
    monkeypatch.setattr("contactsync.processing.share.SLOW_CPU_SECONDS", 0.0)
    site.drop(zipped(LARGE.encode()), "list.zip")
    site.pipeline.share = NO_WORKER
    with pytest.raises(Postponed):
        site.step()
    assert everything(site) == [[]] * 5
    assert [(row["state"], row["attempts"]) for row in site.ledger()] == [("on", 0)]
    with pytest.raises(Postponed):
        site.step()
    site.pipeline.share = Share()
    assert site.step() == 0.0
    assert [(row["state"], row["inserted"]) for row in site.ledger()] == [("ok", 20_000)]


def test_a_small_upload_whose_merge_is_slow_starts_over(
    site: Site, locked: Locked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its brief limit is not a timeout that counts against the file."""
    monkeypatch.setattr(apply, "SHORT_MERGE_SECONDS", 0.1)
    site.drop(GOOD)
    site.pipeline.share = Share(is_long=False)
    with pytest.raises(Postponed):
        site.step()
    assert timeouts(site) == [0]
    locked.rollback()
    site.pipeline.share = Share()
    assert site.step() == 0.0
    assert [(row["state"], row["inserted"]) for row in site.ledger()] == [("ok", 1)]


def test_what_happens_between_two_batches_does_not_disturb_the_deposit(site: Site) -> None:
    """A single worker gives way: another deposit is applied over a second connection in the middle of this one."""
    seen: list[list[tuple[Any, ...]]] = []

    def other() -> None:
        # Committed by the other connection while this transaction is open.
        site.conn.execute("INSERT INTO contactsync.account (name) SELECT 'other' ON CONFLICT DO NOTHING")
        seen.append(site.rows("SELECT state FROM contactsync.deposit"))

    site.pipeline.share = Share(give_way=other)
    assert site.apply(LARGE)["inserted"] == 20_000
    assert set(map(tuple, seen)) == {(("on",),)}


def test_a_suspect_is_processed_by_a_worker_for_long_deposits(site: Site) -> None:
    """It waits for all others to end, which a worker that others rely on cannot do."""
    cut_off(site, admit(site))
    site.pipeline = site.restarted()
    site.pipeline.share = NO_WORKER
    with pytest.raises(Postponed):
        site.step()
    site.pipeline.share = Share()
    assert site.step() == 0.0
    assert [row["state"] for row in site.ledger()] == ["ok"]


BOMB = zipped(b"Email\n" + b"\n" * (64 << 20))
"""Tens of kilobytes that inflate to 64 MiB without a row."""


def test_a_zip_that_is_slow_before_its_first_row_starts_over(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read as a whole before the first batch, and must not hold the worker that is kept free."""
    monkeypatch.setattr("contactsync.processing.share.SLOW_CPU_SECONDS", 0.0)
    assert len(BOMB) < LARGE_BYTES
    site.drop(BOMB, "list.zip")
    begun: list[str] = []
    monkeypatch.setattr(apply, "Stage", lambda *_: begun.append("first batch"))
    site.pipeline.share = NO_WORKER
    with pytest.raises(Postponed):
        site.step()
    assert begun == []


def test_the_budget_ends_a_zip_before_its_first_row(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only when it is read as a whole."""
    begun: list[str] = []
    read: list[bytes] = []
    inner = container._member_chunks

    def chunks(path: Path, member: Any, limit: int) -> Iterator[bytes]:
        for chunk in inner(path, member, limit):
            read.append(chunk[:1])
            yield chunk

    monkeypatch.setattr(container, "_member_chunks", chunks)
    monkeypatch.setattr(apply, "Stage", lambda *_: begun.append("first batch"))
    site.pipeline.rules = replace(site.pipeline.rules, max_cpu_seconds=1e-6)
    row = site.apply(BOMB, "list.zip")
    assert (row["reason"], begun, len(read)) == ("too_expensive", [], 1)


def test_a_cancelled_merge_is_no_timeout(site: Site, locked: Locked) -> None:
    """An operator who ends the statement has not found the file to be too large."""
    site.drop(GOOD)
    cancelled = threading.Event()

    def cancel() -> None:
        with psycopg.connect(site.url, autocommit=True) as conn:
            while not cancelled.is_set():
                conn.execute(
                    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                    "AND application_name = 'contactsync' AND datname = current_database()"
                )
                cancelled.wait(0.05)

    thread = threading.Thread(target=cancel)
    thread.start()
    try:
        for _ in range(3):
            with pytest.raises(Retryable, match="cancelled"):
                site.step()
    finally:
        cancelled.set()
        thread.join()
    assert timeouts(site) == [0]
    locked.rollback()
    site.work()
    assert [row["state"] for row in site.ledger()] == ["ok"]


@pytest.mark.parametrize(("seconds", "gives_way"), [(3600.0, False), (0.0, True)])
def test_a_suspect_gives_way_once_it_is_no_longer_alone(
    site: Site, seconds: float, *, gives_way: bool
) -> None:
    """A single worker that gave way before would wait for itself: the other deposit waits for the suspect."""
    site.drop(LARGE)
    with site.spool() as spool:
        (incoming,) = spool.incoming()
        name = spool.claim(incoming, lambda _action, _name: False)
        assert name is not None
        cut_off(site, spool.admit(IMPORT, name, incoming))
    site.pipeline = site.restarted()
    site.pipeline.isolation = Isolation(seconds)
    seen: list[None] = []
    site.pipeline.share = Share(give_way=lambda: seen.append(None))
    assert site.step() == 0.0
    assert [row["state"] for row in site.ledger()] == ["ok"]
    assert bool(seen) == gives_way
