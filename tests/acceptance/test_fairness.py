"""A long deposit never makes another account's small file wait for its end: an order of events, whatever the speed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.tables import people
from tests.faults.proxy import Hold, Proxy, says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.acceptance.program import Program

LARGE = people(10_000)
SMALL = people(3)
FIRST_COPY = says(b"COPY pg_temp")


@pytest.fixture
def proxy(database_url: str) -> Iterator[Proxy]:
    """The way to the database, on which a test can hold a deposit in its first batch."""
    with Proxy(database_url) as proxy:
        yield proxy


def is_queued(program: Program, account: str) -> bool:
    """Whether the daemon's heartbeat says that an account waits for a worker."""
    try:
        found: dict[str, Any] = json.loads((program.folder / "data" / "condition.json").read_text())
    except FileNotFoundError:
        return False
    return account in found["queued"]


def test_one_worker_is_free_of_long_deposits(down: Program, proxy: Proxy) -> None:
    """While one long deposit is in progress, a second one waits in `in/`, and a small file is applied."""
    hold = proxy.watch = Hold(FIRST_COPY)
    down.configure(database_url=proxy.url, workers=2)
    for name in ("first", "second", "small"):
        down.add_account(name)
    down.drop("first", "large.csv", LARGE)
    down.start()
    down.until(hold.reached.is_set, "the first long deposit is in progress")
    down.drop("second", "large.csv", LARGE)
    down.until(lambda: is_queued(down, "second"), "the second one waits for a worker")
    down.drop("small", "small.csv", SMALL)
    assert down.settled("small", "small.csv").state == "ok"
    assert down.everywhere("second") == [("in", "large.csv")]
    assert [box for box, _ in down.everywhere("first")] == ["on"]
    hold.let_go()
    assert {down.settled(name, "large.csv").state for name in ("first", "second")} == {"ok"}
    down.stop()


def test_a_single_worker_gives_way_between_two_batches(down: Program, proxy: Proxy) -> None:
    """What became ready during a batch of a long deposit is settled before the long deposit is."""
    hold = proxy.watch = Hold(FIRST_COPY)
    down.configure(database_url=proxy.url, workers=1)
    for name in ("long", "small"):
        down.add_account(name)
    down.drop("long", "large.csv", LARGE)
    down.start()
    down.until(hold.reached.is_set, "the long deposit is in its first batch")
    down.drop("small", "small.csv", SMALL)
    down.until(lambda: is_queued(down, "small"), "the small file waits for a worker")
    hold.let_go()
    assert down.settled("long", "large.csv").state == "ok"
    # The line comes after the file is in its place; the end of the daemon comes after the line.
    down.stop()
    settled = [(line["account"], line["rows_applied"]) for line in down.events("deposit.settled")]
    assert settled == [("small", 3), ("long", 10_000)]
    assert [row["attempts"] for row in down.ledger("long")] == [1]
