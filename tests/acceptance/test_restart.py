"""Nothing is lost and nothing done twice, however the daemon ends; a start takes up all that is there."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.acceptance.tables import people
from tests.faults.proxy import Hold, Proxy

if TYPE_CHECKING:
    from tests.acceptance.program import Program

# About a second of work.
ROWS = 60_000
# The last row is rejected, so there are two result files.
BIG = people(ROWS) + b"R0;Personne;;\n"

Moment = Callable[["Program"], AbstractContextManager[object]]
"""Keeps a big import, whose daemon then starts, at a moment of its processing until the block ends."""


def ends(program: Program) -> AbstractContextManager[object]:
    """Between the commit and the last rename, or just after it."""
    return nullcontext(lambda: any(row["state"] == "ok" for row in program.ledger("acme")))


@contextmanager
def locked(table: str, reached: Callable[[Program], object], program: Program) -> Iterator[object]:
    """No row can be written to a table."""
    with psycopg.connect(program.database_url) as other:
        other.execute(f"LOCK TABLE contactsync.{table} IN SHARE MODE")
        yield lambda: reached(program)


@contextmanager
def copying(program: Program) -> Iterator[object]:
    """The server has the first data of a COPY, and waits for more."""
    with Proxy(program.database_url) as proxy:
        hold = proxy.watch = Hold(lambda message: message.kind == b"d", skip=1)
        program.configure(database_url=proxy.url)
        try:
            yield hold.reached.is_set
        finally:
            hold.let_go()
            program.configure(database_url=program.database_url)


def running(query: str, program: Program) -> object:
    return program.rows(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'"
        " AND pid <> pg_backend_pid() AND query ~ %s",
        query,
    )


MOMENTS: dict[str, Moment] = {
    "claimed": partial(locked, "contact", lambda program: program.files_in("acme", "on")),
    "in the ledger": partial(locked, "contact", lambda program: program.ledger("acme")),
    "staging": copying,
    "merging": partial(locked, "contact", partial(running, "INSERT INTO contactsync.contact ")),
    "listing": partial(locked, "list_member", partial(running, "INSERT INTO contactsync.list_member")),
    "committed": ends,
}

at_every_moment = pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS.keys())


@contextmanager
def begun(program: Program, moment: Moment) -> Iterator[None]:
    """Bring a big import, which no criterion keeps from being applied twice, to a moment of its processing."""
    program.add_account("acme", dedup="none")
    program.drop("acme", "big.csv", BIG)
    with moment(program) as reached:
        assert callable(reached)
        program.start()
        program.until(reached, "the import reaches this moment")
        yield


def assert_applied_once(program: Program) -> None:
    settled = program.settled("acme", "big.csv")
    assert (settled.state, settled.path.read_bytes()) == ("ok", BIG)
    assert program.everywhere("acme") == [("ok", settled.path.name)]
    assert settled.result["rows_applied"] == ROWS
    assert settled.beside(".rejected.csv").read_bytes().count(b"\n") == 2
    (row,) = program.ledger("acme")
    assert (row["state"], row["inserted"], row["rows_rejected"]) == ("ok", ROWS, 1)
    assert program.lists("acme") == [("big", ROWS)]
    (count,) = program.rows("SELECT count(*) AS n, count(DISTINCT email) AS d FROM contact")
    assert count == {"n": ROWS, "d": ROWS}


@at_every_moment
def test_a_killed_daemon_finishes_the_file_at_its_next_start(down: Program, moment: Moment) -> None:
    """After SIGKILL the file is in one place; a restart applies it once and writes its result files."""
    with begun(down, moment):
        down.kill()
        assert len(down.everywhere("acme")) == 1
    down.start()
    assert_applied_once(down)


@pytest.mark.parametrize("moment", ["claimed", "staging", "merging"])
def test_sigterm_ends_cleanly(down: Program, moment: str) -> None:
    """SIGTERM in the midst of a file: exit status 0, the file in one place, applied once in the end."""
    with begun(down, MOMENTS[moment]):
        down.send_signal(signal.SIGTERM)
    assert down.wait() == 0
    assert len(down.everywhere("acme")) == 1
    down.start()
    down.started()
    assert_applied_once(down)
    assert down.terminate() == 0
    assert down.events("bug") == []


def test_a_file_on_which_the_daemon_dies_three_times_is_refused(down: Program) -> None:
    """After three kills in its midst the file goes to `ko/` unapplied, and the account's next one is applied."""
    with begun(down, MOMENTS["in the ledger"]):
        for attempts in (2, 3):
            down.kill()
            down.start()
            down.until(lambda n=attempts: down.ledger("acme")[0]["attempts"] == n, "the next attempt begins")
        down.kill()
    down.drop("acme", "next.csv", people(3))
    down.start()
    settled = down.settled("acme", "big.csv")
    assert (settled.state, settled.result["reason"]) == ("ko", "poison")
    assert down.settled("acme", "next.csv").state == "ok"
    assert down.lists("acme") == [("next", 3)]


def test_uploads_of_the_downtime_are_processed_at_the_start(down: Program) -> None:
    """Deposits of two accounts wait in `in/` for the daemon."""
    for name in ("acme", "globex"):
        down.add_account(name)
        down.drop(name, "list.csv", people(3))
        down.drop(name, "who.csv", people(3), "optoutSMS")
    down.start()
    for name in ("acme", "globex"):
        assert down.settled(name, "list.csv").state == "ok"
        assert down.settled(name, "who.csv", "optoutSMS").state == "ok"


def test_run_once_processes_everything(down: Program) -> None:
    """`run --once` finishes leftovers in `on/`, applies and refuses what is in `in/`, and exits 0."""
    with begun(down, MOMENTS["staging"]):
        down.kill()
    assert [box for box, _ in down.everywhere("acme")] == ["on"]
    down.drop("acme", "small.csv", people(3))
    down.add_account("globex")
    down.drop("globex", "bad.csv", b"nonsense\n1\n")
    down.drop("globex", "who.csv", people(3), "optoutEMAIL")
    down.configure(settle_seconds=0.5, grace_seconds=0.5)
    down.start("--once")
    assert down.wait() == 0
    assert [row["state"] for row in down.ledger("acme")] == ["ok", "ok"]
    assert down.lists("acme") == [("big", ROWS), ("small", 3)]
    assert [(row["action"], row["state"]) for row in down.ledger("globex")] == [
        ("import", "ko"),
        ("optoutEMAIL", "ok"),
    ]
    assert {box for name in ("acme", "globex") for box, _ in down.everywhere(name)} == {"ok", "ko"}


def test_run_once_with_nothing_to_do(down: Program) -> None:
    """`run --once` over empty folders exits 0."""
    down.add_account("acme")
    down.start("--once")
    assert down.wait() == 0
