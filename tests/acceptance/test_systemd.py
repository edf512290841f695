"""What the daemon reports to systemd: readiness, status, and its watchdog."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.acceptance.processes import is_stopped
from tests.acceptance.program import Program
from tests.acceptance.service import run_as_service
from tests.acceptance.systemd import Systemd
from tests.acceptance.tables import people

if TYPE_CHECKING:
    from pathlib import Path


FED = "WATCHDOG=1"
STARVED_SECONDS = 1.5
"""Six times as long as the daemon lets pass between two feeds."""

WAITING = (
    "SELECT pid, query_start FROM pg_stat_activity JOIN pg_locks USING (pid)"
    " WHERE relation = 'account'::regclass AND NOT granted"
)


# --- its messages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_it_reports_ready_once_watch_and_workers_run(down: Program, tmp_path: Path, abstract: bool) -> None:
    """READY=1 comes when watch and workers run, with a status that counts the accounts."""
    with Systemd(tmp_path, abstract=abstract) as systemd:
        run_as_service(down, systemd)
        down.add_account("acme")
        down.start()
        systemd.until("READY=1")
        assert down.events("daemon.started")
        systemd.status("1 accounts; 0 in progress")


def test_it_is_ready_without_a_database_and_reports_what_it_waits_for(
    service: Program, systemd: Systemd
) -> None:
    """The daemon survives a missing database, so it starts without one. It also stops cleanly without one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    service.configure(database_url=f"postgresql://contactsync@127.0.0.1:{port}/contactsync")
    service.start()
    systemd.until("READY=1")
    systemd.until(FED)
    assert any("waiting for the database" in each for each in systemd.heard)
    assert service.terminate() == 0
    systemd.until("STOPPING=1")


def test_its_status_names_an_account_that_waits(running: tuple[Program, Systemd]) -> None:
    """The status names an account that is stuck, with the reason, until it is served again."""
    service, systemd = running
    (service.folder / "elsewhere").mkdir()
    box = service.box("acme", "ok")
    box.rmdir()
    # The daemon does not follow it.
    box.symlink_to(service.folder / "elsewhere")
    service.drop("acme", "list.csv", people(3))
    systemd.status("acme waits: ")
    box.unlink()
    box.mkdir(exist_ok=True)
    service.settled("acme", "list.csv")
    systemd.status("STATUS=1 accounts; 0 in progress")


# --- the watchdog --------------------------------------------------------------------------------------------


def test_a_stopped_process_feeds_no_watchdog(running: tuple[Program, Systemd]) -> None:
    """Fed while it runs, also while there is nothing to do; not while it is stopped; then again."""
    service, systemd = running
    for _ in range(5):
        systemd.until(FED)
    service.send_signal(signal.SIGSTOP)
    service.until(lambda: is_stopped(service.pid), "every thread is stopped")
    systemd.drain()
    assert systemd.hear(STARVED_SECONDS) == []
    service.send_signal(signal.SIGCONT)
    systemd.until(FED)


def test_a_main_loop_that_hangs_feeds_no_watchdog(running: tuple[Program, Systemd]) -> None:
    """WorkerPool and other threads run on, but the main thread waits for an answer: nobody feeds in its place."""
    service, systemd = running
    systemd.until(FED)
    observed: list[list[str]] = []

    def one_wait_observed() -> bool:
        """Whether the main loop waited in one query all the while; it gives up a silent server after 5 seconds."""
        query = service.rows(WAITING)
        systemd.drain()
        heard = systemd.hear(STARVED_SECONDS)
        if query and service.rows(WAITING) == query:
            observed.append(heard)
        return bool(observed)

    with psycopg.connect(service.database_url) as other:
        other.execute("LOCK TABLE contactsync.account")
        service.until(one_wait_observed, "the main loop waits")
    assert observed == [[]]
    systemd.until(FED)


def test_its_children_are_not_the_service(service: Program, systemd: Systemd) -> None:
    """What systemd has set is for the daemon alone: its PostgreSQL must not say for it that it is ready."""
    del service._environment["CONTACTSYNC_DATABASE_URL"]
    service.start()
    systemd.until("READY=1")
    children = f"/proc/{service.pid}/task/{service.pid}/children"
    with open(children, encoding="ascii") as file:
        (postgres,) = file.read().split()
    with open(f"/proc/{postgres}/environ", "rb") as file:
        environment = file.read()
    assert b"PATH=" in environment
    assert b"NOTIFY_SOCKET" not in environment
    assert b"WATCHDOG" not in environment
