"""The bounds of one deposit: its processor time, and its share of the workers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from contactsync.processing import apply
from contactsync.processing.isolation import Isolation
from contactsync.processing.share import LARGE_BYTES, Postponed, Share
from contactsync.reading import container
from tests.integration.processing.deposits import GOOD, IMPORT, admit, cut_off, everything, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.conftest import Site

ROWS = "".join(f"p{n}@example-mail.fr\n" for n in range(20_000))
LARGE = f"Email\n{ROWS}"
NO_WORKER = Share(is_long=False, enter_long=lambda: False)
TRIES = 50
Locked = psycopg.Connection[Any]


def test_a_file_that_costs_too_much_is_refused(site: Site) -> None:
    """As a whole: nothing of it is applied, and the other files are."""
    site.pipeline.rules = replace(site.pipeline.rules, max_cpu_seconds=1e-6)
    row = site.apply(GOOD, "costly.csv")
    assert (row["state"], row["reason"]) == ("ko", "too_expensive")
    assert everything(site) == [[]] * 5
    site.pipeline.rules = replace(site.pipeline.rules, max_cpu_seconds=300)
    assert site.apply(GOOD, "cheap.csv")["state"] == "ok"


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
