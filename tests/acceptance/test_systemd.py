"""The daemon as a service of systemd, which the tests play: what it says of itself, and what it does on signals."""

from __future__ import annotations

import signal
import socket
import time
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from contactsync.database.migrations import migrate
from tests.acceptance.program import Program, people
from tests.acceptance.systemd import Systemd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Databases

FED = "WATCHDOG=1"
FEED_SECONDS = 1.0  # the watchdog of these tests; it is fed four times as often
STARVED_SECONDS = 2.5


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    """A notification socket on a path."""
    with Systemd(tmp_path) as listener:
        yield listener


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> Iterator[tuple[Program, Systemd]]:
    """A service with a watchdog, and what listens to it, for all tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("running")
    with databases() as url, Systemd(folder) as systemd, closing(Program(folder, url)) as program:
        run_under(program, systemd)
        program.configure(rescan_seconds=5)
        program.add_account("acme")
        program.start()
        systemd.until("READY=1")
        yield program, systemd


@pytest.fixture
def service(down: Program, systemd: Systemd) -> Program:
    """A program that will be started as a service with a watchdog."""
    run_under(down, systemd)
    return down


def run_under(program: Program, systemd: Systemd) -> None:
    program._environment |= {
        "NOTIFY_SOCKET": systemd.address,
        "WATCHDOG_USEC": str(int(FEED_SECONDS * 1e6)),
    }


def configure_by_file(program: Program, text: str) -> Path:
    """The settings of the test in a file, so that they can change."""
    file = program.folder / "contactsync.toml"
    file.write_text(text, encoding="utf-8")
    for key in ("settle_seconds", "grace_seconds"):
        program._environment.pop(f"CONTACTSYNC_{key.upper()}", None)
    return file


# --- what it says --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_it_says_that_it_is_ready_once_it_works(down: Program, tmp_path: Path, abstract: bool) -> None:
    """READY=1 comes when watch and workers run, with a status that counts the accounts."""
    with Systemd(tmp_path, abstract=abstract) as systemd:
        run_under(down, systemd)
        down.add_account("acme")
        down.start()
        systemd.until("READY=1")
        assert down.events("daemon.started")
        systemd.status("1 accounts; 0 in progress")


def test_it_is_ready_without_a_database_and_says_what_it_waits_for(
    service: Program, systemd: Systemd
) -> None:
    """The daemon survives a missing database, so its start does too; it stops in good order all the same."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    service.configure(database_url=f"postgresql://contactsync@127.0.0.1:{port}/contactsync")
    service.start()
    systemd.until("READY=1")
    systemd.until(FED)
    assert any("waiting for the database" in each for each in systemd.heard)
    assert service.terminate() == 0
    systemd.until("STOPPING=1")


def test_its_status_tells_who_waits_for_what(running: tuple[Program, Systemd]) -> None:
    """An account that cannot go on is named with the reason, and no more once it can."""
    service, systemd = running
    (service.folder / "elsewhere").mkdir()
    box = service.box("acme", "ok")
    box.rmdir()
    box.symlink_to(service.folder / "elsewhere")  # is not followed
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
    systemd.silence()
    assert systemd.hear(STARVED_SECONDS) == []
    service.send_signal(signal.SIGCONT)
    systemd.until(FED)


def test_a_main_loop_that_hangs_feeds_no_watchdog(running: tuple[Program, Systemd]) -> None:
    """WorkerPool and other threads run on, but the main thread waits for an answer: nobody feeds in its place."""
    service, systemd = running
    systemd.until(FED)
    with psycopg.connect(service.database_url) as other:
        other.execute("LOCK TABLE contactsync.account")
        service.until(
            lambda: service.rows(
                "SELECT 1 FROM pg_locks WHERE relation = 'account'::regclass AND NOT granted"
            ),
            "the main loop waits",
        )
        systemd.silence()
        assert systemd.hear(STARVED_SECONDS) == []
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


# --- SIGHUP --------------------------------------------------------------------------------------------------


def test_a_reload_is_told_from_its_beginning_to_its_end(running: tuple[Program, Systemd]) -> None:
    """RELOADING=1 with the time of it, then READY=1."""
    service, systemd = running
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    service.send_signal(signal.SIGHUP)
    systemd.until("RELOADING=1")
    (told,) = [each for each in systemd.heard if each.startswith("MONOTONIC_USEC=")]
    assert before <= int(told.partition("=")[2]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    systemd.until("READY=1")


def test_settings_change_live(down: Program) -> None:
    """Without systemd too: a file that would be quiet in an hour is taken under the new setting, without a restart."""
    file = configure_by_file(
        down, "settle_seconds = 3600\nresult_files = true\nignored_names = ['.*', 'no*']\n"
    )
    down.add_account("acme")
    down.start("--config", str(file))
    down.drop("acme", "list.csv", people(3))
    down.drop("acme", "now.csv", people(3))
    down.started()
    file.write_text("settle_seconds = 0\ngrace_seconds = 0\nresult_files = false\n", encoding="utf-8")
    down.send_signal(signal.SIGHUP)
    for name in ("list.csv", "now.csv"):
        settled = down.settled("acme", name)
        assert settled.state == "ok"
        assert not settled.beside(".result.json").exists()
    (told,) = down.events("settings.reloaded")
    assert told["changed"] == ["settle_seconds", "grace_seconds", "ignored_names", "result_files"]


def test_a_key_that_needs_a_restart_is_named(down: Program) -> None:
    """It stays as it was, the others change."""
    file = configure_by_file(down, "workers = 2\nsettle_seconds = 3600\n")
    down.start("--config", str(file))
    down.started()
    file.write_text("workers = 3\nlog_format = 'console'\nsettle_seconds = 0\n", encoding="utf-8")
    del down._environment["CONTACTSYNC_LOG_FORMAT"]
    down.send_signal(signal.SIGHUP)
    (told,) = down.until(lambda: down.events("settings.need_restart"), "the keys are named")
    assert told["keys"] == ["workers"]  # log_format is in the environment, which comes first
    assert down.events("settings.reloaded")[0]["changed"] == ["settle_seconds"]


def test_a_wrong_configuration_changes_nothing(service: Program, systemd: Systemd) -> None:
    """All problems are told, the status says so, the daemon works on as before, and a good one is taken over."""
    file = configure_by_file(service, "settle_seconds = 0\ngrace_seconds = 0\n")
    service.add_account("acme")
    service.start("--config", str(file))
    systemd.until("READY=1")
    file.write_text("settle_seconds = -1\nworker = 3\nresult_files = false\n", encoding="utf-8")
    service.send_signal(signal.SIGHUP)
    systemd.status("configuration is invalid")
    (told,) = service.events("settings.refused")
    assert len(told["problems"]) == 2
    assert "settle_seconds" in told["problems"][0]
    service.drop("acme", "list.csv", people(3))
    assert service.settled("acme", "list.csv").result["state"] == "ok"
    file.write_text("settle_seconds = 0\ngrace_seconds = 0\nresult_files = false\n", encoding="utf-8")
    service.send_signal(signal.SIGHUP)
    systemd.status("STATUS=1 accounts")
    service.drop("acme", "next.csv", people(3))
    assert not service.settled("acme", "next.csv").beside(".result.json").exists()


def test_a_new_account_is_seen_at_once(down: Program) -> None:
    """SIGHUP reads the accounts too, however long the next look would be away."""
    down.configure(rescan_seconds=3600)
    down.start()
    down.started()
    down.until(
        lambda: down.rows("SELECT 1 FROM pg_stat_activity WHERE query ~ 'FROM contactsync.account'"),
        "one look",
    )
    down.add_account("acme")
    down.drop("acme", "list.csv", people(3))
    down.send_signal(signal.SIGHUP)
    assert down.settled("acme", "list.csv").state == "ok"


# --- the schema ----------------------------------------------------------------------------------------------


def test_it_waits_for_its_schema(service: Program, systemd: Systemd) -> None:
    """On a database without the schema it is ready, says what to do, and goes on by itself when that was done."""
    name = f"{psycopg.conninfo.conninfo_to_dict(service.database_url)['dbname']}_bare"
    with psycopg.connect(service.database_url, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    bare = make_conninfo(service.database_url, dbname=name)
    try:
        service.configure(database_url=bare, rescan_seconds=0.2)
        service.start()
        systemd.until("READY=1")
        assert any("run `contactsync migrate`" in each for each in systemd.heard)
        (told,) = service.until(lambda: service.events("database.schema"), "it is in the log")
        assert "run `contactsync migrate`" in told["reason"]
        with psycopg.connect(bare) as conn:
            migrate(conn)
        systemd.status("STATUS=0 accounts")
        assert service.terminate() == 0
        told = [each["reason"] for each in service.events("database.schema")]
        assert len(set(told)) == len(told)  # once, and once again where it looked between two migrations
    finally:
        with psycopg.connect(service.database_url, autocommit=True) as conn:
            conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_once_does_not_wait_for_its_schema(down: Program) -> None:
    """`run --once` says what to do and exits with 2."""
    with psycopg.connect(down.database_url) as conn:
        conn.execute("DELETE FROM contactsync.schema_migration WHERE version > 1")
    down.start("--once")
    assert down.wait() == 2
    assert "run `contactsync migrate`" in down.stderr.read_text()


# --- SIGTERM -------------------------------------------------------------------------------------------------


def test_a_stopping_daemon_claims_nothing_more(service: Program, systemd: Systemd) -> None:
    """While a report in the making holds the end up, deposits that wait in `in/` stay there."""
    service.configure(shutdown_seconds=3)
    service.add_account("acme")
    (service.ftp / "acme/reporting").mkdir()
    with psycopg.connect(service.database_url) as other:
        other.execute("LOCK TABLE contactsync.campaign")
        service.start()
        service.until(
            lambda: service.rows(
                "SELECT 1 FROM pg_locks WHERE relation = 'campaign'::regclass AND NOT granted"
            ),
            "the report waits",
        )
        for number in range(300):
            service.drop("acme", f"{number}.csv", people(3))
        service.until(lambda: len(service.lying("acme", "ok")) > 3, "some are done")
        service.send_signal(signal.SIGTERM)
        systemd.until("STOPPING=1")
        waiting = len(service.lying("acme", "in"))
        assert service.wait() == 0
        left = len(service.lying("acme", "in"))
    assert waiting > 100
    assert waiting - left <= 1
