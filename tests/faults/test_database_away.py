"""The database becomes unreachable, in every manner: deposits wait, are applied once, and none is refused."""

from __future__ import annotations

import re
import signal
import threading
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from contactsync.database import roles
from contactsync.database.embedded.server import EmbeddedServer
from contactsync.database.migrations import migrate
from tests.acceptance.program import DEADLINE, Program
from tests.acceptance.tables import people
from tests.faults import cuts
from tests.faults.cuts import CUTS, Cut
from tests.faults.proxy import VERDICT, Answer, Matching, Message, Proxy, Say, runs, says
from tests.faults.scene import Run
from tests.faults.server import crash

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Databases

PATIENT = "from contactsync.database.connection import Session; Session.__init__.__kwdefaults__['patience'] = 3600.0"
"""The thirty seconds for which workers bear a silent server, made an hour; the main thread has five of its own."""

# Cut points of each kind here; `make torture` takes all.
SAMPLE = 4


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[tuple[Run, Proxy]]:
    """A daemon that reaches its database through a proxy; the tests themselves do without."""
    with databases() as url, Proxy(url) as proxy:
        run = Run(tmp_path_factory.mktemp("away"), url, rescan_seconds=0.3)
        run.configure(database_url=proxy.url)
        with run:
            yield run, proxy


@pytest.fixture
def link(proxied: tuple[Run, Proxy]) -> Iterator[tuple[Run, Proxy]]:
    run, proxy = proxied
    yield proxied
    proxy.watch = lambda _: Say.PASS
    proxy.refusing = False
    run.until(lambda: database_events(run)[-1:] in ([], ["database.back"]), "it is back")


def database_events(run: Run) -> list[str]:
    """The log's events about the database, in order."""
    return re.findall(r'"event": "(database\.(?:away|back))"', run.log())


def assert_settles(run: Program, account: str) -> None:
    """Wait until the account's deposits are settled, each once and with the right result."""
    assert cuts.wrong(run, account) == []


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.name)
def test_a_cut_at_any_message(link: tuple[Run, Proxy], cut: Cut) -> None:
    """Wherever the link is cut, every deposit is applied once."""
    run, proxy = link
    total = cuts.count(run, proxy, cut)
    found = [*cuts.cuts(run, proxy, cut, every=-(-total // SAMPLE))]
    assert [(number, wrong) for number, _, wrong in found if wrong] == []
    # A pass has a varying number of messages (looks at the accounts): the last points may lie past its end.
    assert sum(was_cut for _, was_cut, _ in found) >= SAMPLE // 2


ANSWERS = {
    "commit": says(b"COMMIT\0"),
    "an attempt begins": runs("ledger/begin"),
    "verdict": VERDICT,
    "lookup": runs("ledger/find"),
    "end of copy": lambda message: message.kind == b"c",
}


@pytest.mark.parametrize(
    ("statement", "times"),
    [*((each, 1) for each in ANSWERS), ("an attempt begins", 4), ("verdict", 4), ("end of copy", 4)],
)
def test_an_answer_that_is_lost(link: tuple[Run, Proxy], statement: str, times: int) -> None:
    """The server commits and its answer is lost, more often even than a file may be tried: applied once."""
    run, proxy = link
    watch = proxy.watch = Answer(ANSWERS[statement], times)
    account = cuts.deposit(run)
    assert_settles(run, account)
    assert watch.done.is_set()


@pytest.mark.parametrize("say", [Say.CUT, Say.PASS_AND_CUT, Say.STALL])
def test_the_link_fails_in_the_midst_of_a_copy(link: tuple[Run, Proxy], say: Say) -> None:
    """Half a COPY leaves nothing behind."""
    run, proxy = link
    watch = proxy.watch = Matching(lambda message: message.kind == b"d", say)
    account = cuts.deposit(run)
    assert watch.done.wait(DEADLINE)
    if say is Say.STALL:
        # Over another link.
        other = cuts.deposit(run)
        assert_settles(run, other)
        proxy.cut_all()
    assert_settles(run, account)


def test_refused_connections(link: tuple[Run, Proxy]) -> None:
    """Refused connections: deposits wait in `in/`, the log says so in few lines, and work resumes on its own."""
    run, proxy = link
    proxy.refusing = True
    proxy.cut_all()
    before, back = len(run.events("database.away")), len(run.events("database.back"))
    account = cuts.deposit(run)
    run.until(lambda: len(run.events("database.away")) > before, "it is logged")
    assert {box for box, _ in run.everywhere(account)} == {"in"}
    proxy.refusing = False
    assert_settles(run, account)
    # Each of four workers finds its own link cut.
    assert len(run.events("database.away")) <= before + 5
    run.until(lambda: len(run.events("database.back")) > back, "it is logged")


def test_sigterm_while_the_database_is_silent(run: Run, database_url: str) -> None:
    """A database that no longer answers on open connections does not keep the daemon from ending."""
    begun = threading.Event()

    def silent(_: Message) -> Say:
        begun.set()
        return Say.STALL

    with Proxy(database_url) as proxy:
        # The daemon cannot end because its workers give up.
        run.hook = PATIENT
        run.configure(database_url=proxy.url, rescan_seconds=0.2, shutdown_seconds=1)
        with run:
            proxy.watch = silent
            assert begun.wait(DEADLINE)
            try:
                run.send_signal(signal.SIGTERM)
                run.wait()
            finally:
                proxy.cut_all()


def test_a_row_that_another_session_holds(run: Run, database_url: str) -> None:
    """A lock time-out is not the file's fault; other accounts are served meanwhile."""
    run.configure(
        database_url=make_conninfo(database_url, options="-c lock_timeout=300ms"),
        rescan_seconds=0.3,
        workers=1,
    )
    with run, psycopg.connect(database_url) as other:
        held = run.add_account("held", dedup="none")
        other.execute("SELECT FROM contactsync.account WHERE name = 'held' FOR UPDATE")
        for each in cuts.scene.DEPOSITS:
            run.drop(held, each.name, each.content, each.action)
        run.until(
            lambda: any("55P03" in e["reason"] for e in run.events("database.away")), "the lock times out"
        )
        assert_settles(run, cuts.deposit(run))
        assert {box for box, _ in run.everywhere(held)} == {"in", "on"}
        other.rollback()
        assert_settles(run, held)


def test_a_deadlock(run: Run, database_url: str) -> None:
    """The loser of a deadlock is tried again."""
    with psycopg.connect(database_url, autocommit=True) as admin:
        # Below the 5 s after which a short merge is cancelled; only a superuser may set it.
        database = sql.Identifier(admin.info.dbname)
        change = sql.SQL("ALTER ROLE {} IN DATABASE {} SET deadlock_timeout = '3s'")
        admin.execute(change.format(sql.Identifier(roles.DAEMON), database))
    with run, psycopg.connect(database_url) as other:
        # The daemon finds the deadlock first, and loses.
        other.execute("SET deadlock_timeout = '10min'")
        run.add_account("acme", dedup="reference")
        run.drop("acme", "list.csv", people(3))
        run.settled("acme", "list.csv")
        other.execute("SELECT FROM contactsync.contact FOR UPDATE")
        run.drop("acme", "again.csv", people(3).replace(b"example.com", b"example.org"))
        waiting = (
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        run.until(lambda: run.rows(waiting), "the daemon waits")
        other.execute("SELECT FROM contactsync.account FOR UPDATE")
        other.rollback()
        settled = run.settled("acme", "again.csv")
        assert (settled.state, settled.result["updated"]) == ("ok", 3)
        assert any("40P01" in event["reason"] for event in run.logged("database.away"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A server that the test may kill."""
    with EmbeddedServer(tmp_path / "postgresql", durable=False) as server:
        with psycopg.connect(server.admin_url) as conn:
            migrate(conn)
        yield server


def test_a_server_that_is_down_at_start_and_killed_in_work(server: EmbeddedServer, tmp_path: Path) -> None:
    """`pg_ctl -m immediate` again and again while files are applied: each once, none refused."""
    run = Run(tmp_path / "run", server.admin_url, rescan_seconds=0.3, workers=2)
    accounts = [run.add_account(f"a{n}", dedup="none") for n in range(3)]
    run.connection.close()
    del run.connection
    for account in accounts:
        run.drop(account, "list.csv", people(20_000) + b"R0;Personne;;\n")
    server.stop()
    run.start()
    run.until(lambda: run.events("database.away"), "it is logged")
    server.start()
    for pause in (0.3, 0.7, 1.2):
        # Any moment is right.
        threading.Event().wait(pause)
        crash(server)
        server.start()
    for account in accounts:
        settled = run.settled(account, "list.csv")
        assert (settled.state, settled.result["rows_applied"]) == ("ok", 20_000)
        assert len(run.contacts(account)) == 20_000
        assert run.lists(account) == [("list", 20_000)]
    assert run.terminate() == 0
    run.__exit__()
