"""Merges that time out: they count against the deposit, and the third refuses it."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from contactsync.database.connection import Session
from contactsync.domain.errors import Retryable
from contactsync.processing import apply
from contactsync.processing.pipeline import Pipeline
from contactsync.processing.share import Postponed, Share
from tests.integration.processing.deposits import GOOD, everything

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.conftest import Site

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
