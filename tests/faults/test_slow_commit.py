"""A COMMIT that does not come back because a synchronous standby is missing: neither done nor undone, for minutes."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING

import pytest
from psycopg.conninfo import make_conninfo

from tests.acceptance.program import DEADLINE
from tests.acceptance.tables import people
from tests.faults.proxy import VERDICT, Hold, Proxy, first_line
from tests.faults.scene import Run
from tests.faults.server import REPLICATING, Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HASTY = (
    "from contactsync.database.connection import Session; Session.__init__.__kwdefaults__['patience'] = 2.0"
)
"""The thirty seconds for which a silent server is borne, made two."""

CONTENT = people(3) + b"R0;Personne;;\n"

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that a test can make wait for a standby which does not exist."""
    with Server(tmp_path_factory.mktemp("pg"), **REPLICATING) as server:
        server.schema()
        yield server


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    with Proxy(server.admin_url) as proxy:
        yield proxy


@pytest.fixture
def run(server: Server, proxy: Proxy, tmp_path: Path) -> Iterator[Run]:
    """A program whose statements wait a moment only for what another transaction holds."""
    program = Run(tmp_path / "run", server.admin_url, rescan_seconds=0.2, workers=1)
    program.configure(database_url=make_conninfo(proxy.url, options="-c lock_timeout=300ms"))
    try:
        yield program
    finally:
        forget_the_standby(server)
        program.stop()
        program.connection.execute("TRUNCATE contactsync.account CASCADE")
        program.__exit__()


def waiting(run: Run, query: str) -> list[dict[str, object]]:
    """The commits of such a statement that wait for the standby."""
    return run.rows("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query ~ %s", query)


def want_a_standby(run: Run, server: Server) -> None:
    """From here on no commit comes back; shown by one of our own."""
    server.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()")

    def hangs() -> bool:
        table = f"probe_{next(_numbers)}"
        commit = threading.Thread(
            target=server.execute, args=(f"CREATE TABLE public.{table} ()",), daemon=True
        )
        commit.start()
        run.until(lambda: not commit.is_alive() or waiting(run, table), "a commit of our own", alive=False)
        return commit.is_alive()

    run.until(hangs, "commits wait for a standby", alive=False)


def forget_the_standby(server: Server) -> None:
    """Every commit that waits comes back."""
    server.execute("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")


def begin(run: Run, server: Server, proxy: Proxy, moment: str) -> None:
    """Bring an import to the commit that does not come back: that of its attempt, or of its effects."""
    run.add_account("acme", dedup="none")
    if moment == "attempt":
        want_a_standby(run, server)
        run.drop("acme", "list.csv", CONTENT)
        run.until(lambda: waiting(run, first_line("ledger/begin")), "the attempt's commit waits")
        return
    hold = proxy.watch = Hold(VERDICT)
    run.drop("acme", "list.csv", CONTENT)
    assert hold.reached.wait(DEADLINE)
    want_a_standby(run, server)
    hold.let_go()
    run.until(lambda: waiting(run, "COMMIT"), "the commit of the effects waits")


@pytest.mark.parametrize(
    ("moment", "end"),
    [("attempt", "killed"), ("attempt", "impatient"), ("effects", "killed"), ("effects", "cut")],
)
def test_a_commit_that_is_coming_is_waited_for(
    run: Run, server: Server, proxy: Proxy, moment: str, end: str
) -> None:
    """A daemon that lost the answer assumes neither success nor failure; the deposit is applied once, after the commit."""
    run.hook = HASTY if end == "impatient" else ""
    with run:
        begin(run, server, proxy, moment)
        if end == "killed":
            run.kill()
            run.start()
        elif end == "cut":
            proxy.cut_all()
        run.until(lambda: locked_out(run), "it waits for the commit that is coming")
        assert [box for box, _ in run.everywhere("acme")] == ["on"]
        assert run.contacts("acme") == []
        forget_the_standby(server)
        settled = run.settled("acme", "list.csv")
        assert (settled.state, settled.result["rows_applied"]) == ("ok", 3)
        assert settled.beside(".rejected.csv").read_bytes().count(b"\n") == 2
        assert len(run.contacts("acme")) == 3
        assert run.lists("acme") == [("list", 3)]
        (row,) = run.ledger("acme")
        assert row["state"] == "ok"
        assert row["attempts"] <= 1 + (end == "killed")
        assert run.events("bug") == []


def locked_out(run: Run) -> bool:
    """Whether a statement of the daemon's has given up waiting for a lock."""
    return any("55P03" in event["reason"] for event in run.events("database.away"))


def test_sessions_do_not_pile_up(run: Run, server: Server) -> None:
    """While commits hang, sessions are opened and asked without one more that hangs: the server keeps its places."""
    run.hook = HASTY
    run.add_account("acme")
    want_a_standby(run, server)
    ours = "SELECT FROM pg_stat_activity WHERE application_name = 'contactsync' AND wait_event = 'SyncRep'"
    run.start()
    run.started()
    run.until(
        lambda: run.rows(
            "SELECT FROM pg_stat_activity WHERE application_name = 'contactsync' AND state = 'idle'"
        ),
        "it has asked",
    )
    assert run.rows(ours) == []
