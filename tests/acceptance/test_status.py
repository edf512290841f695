"""`status` beside a real daemon: whether it runs, what waits for what, and what it shows if the database is unreachable."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.acceptance.commands import cli
from tests.acceptance.processes import is_stopped
from tests.acceptance.program import DEADLINE, Program
from tests.acceptance.tables import people
from tests.faults.proxy import Hold, Proxy, says

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Databases


def status(program: Program, *options: str, **env: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        program._command("status", "--json", *options),
        env=program._environment | env,
        text=True,
        capture_output=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def account(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in report["accounts"] if each["account"] == name)


def comes(program: Program, right: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Ask until the answer is right: the daemon's own report is up to a second old."""
    last: list[dict[str, Any]] = []

    def look() -> bool:
        last[:] = [status(program)[1]]
        return right(last[0])

    program.until(look, "the right status", alive=False)
    return last[0]


@pytest.fixture
def waiting(tmp_path: Path, database_url: str) -> Iterator[Program]:
    """A program that waits an hour for the rest of a file that looks incomplete."""
    program = Program(
        tmp_path / "p", database_url, settle_seconds=0.2, grace_seconds=3600, rescan_seconds=0.3
    )
    yield program
    program.close()


def test_a_daemon_that_runs_ends_and_is_killed(waiting: Program) -> None:
    """Running with its pid; not running after an orderly end, nor after a kill. The exit status is 1 then."""
    waiting.add_account("acme")
    code, report = status(waiting)
    assert (code, report["daemon"]["state"]) == (1, "not running")
    with waiting:
        report = comes(waiting, lambda report: report["daemon"]["state"] == "running")
        assert status(waiting)[0] == 0
        assert report["daemon"]["pid"] == waiting.pid
        assert report["daemon"]["version"]
        assert report["daemon"]["sentence"].startswith(f"running (pid {waiting.pid}, since 20")
        assert waiting.terminate() == 0
        code, report = status(waiting)
        gone = report["daemon"]
        assert (code, gone["state"]) == (1, "not running")
        assert re.search(r"no heartbeat.*systemctl start contactsync$", gone["sentence"])
        waiting.start()
        comes(waiting, lambda report: report["daemon"]["state"] == "running")
        waiting.kill()
        (incoming := waiting.box("acme", "in") / "x.csv").touch()
        code, report = status(waiting)
        assert code == 1
        assert re.search(r"killed or crashed.*systemctl start contactsync$", report["daemon"]["sentence"])
        assert account(report, "acme")["waits_for"] == "the daemon, which is not running"
        incoming.unlink()


def test_a_stopped_daemon_counts_as_silent(waiting: Program) -> None:
    """SIGSTOP: the process is there and gives no sign any more, which `status` and `doctor` answer with 1."""
    waiting.add_account("acme")
    file = waiting.folder / "data" / "condition.json"
    with waiting:
        comes(waiting, lambda report: report["daemon"]["state"] == "running")
        os.kill(waiting.pid, signal.SIGSTOP)
        try:
            waiting.until(lambda: is_stopped(waiting.pid), "it has stopped")
            # As if it had stopped a minute ago.
            content = json.loads(file.read_text())
            content["as_of"] = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
            file.write_text(json.dumps(content))
            code, report = status(waiting)
            assert (code, report["daemon"]["state"]) == (1, "silent")
            assert re.search(r"hangs.*systemctl restart contactsync$", report["daemon"]["sentence"])
            done = cli(waiting, "doctor", "--json")
            found = [each for each in json.loads(done.stdout) if each["check"] == "daemon"]
            assert done.returncode == 1
            assert [each["level"] for each in found] == ["error"]
        finally:
            os.kill(waiting.pid, signal.SIGCONT)


def test_a_deposit_in_progress_shows_its_rows_and_stage(waiting: Program, database_url: str) -> None:
    """While it is read: rows and rate. While the database merges: all rows, and for how long."""
    waiting.add_account("acme")
    with Proxy(database_url) as proxy:
        hold = proxy.watch = Hold(says(b"COPY pg_temp"))
        waiting.configure(database_url=proxy.url, settle_seconds=0)
        with waiting, psycopg.connect(database_url) as other:
            other.execute("LOCK TABLE contactsync.contact")
            waiting.drop("acme", "large.csv", people(10_000))
            waiting.until(hold.reached.is_set, "it is being copied")
            report = comes(waiting, lambda report: account(report, "acme")["in_progress"] is not None)
            found = account(report, "acme")["in_progress"]
            assert (found["action"], found["stage"]) == ("import", "reading")
            assert re.fullmatch(r"[0-9]{10}_large\.csv", found["file"])
            hold.let_go()
            report = comes(
                waiting,
                lambda report: (account(report, "acme")["in_progress"] or {}).get("stage") == "merging",
            )
            found = account(report, "acme")["in_progress"]
            assert (found["rows"], found["rows_per_second"] > 0) == (10_000, True)
            assert re.search(
                r": 10,000 rows read at [0-9,]+ rows/s; the database has been", found["sentence"]
            )
            shown = cli(waiting, "status").stdout
            assert "10,000 rows read at" in " ".join(shown.split())
            other.rollback()
            assert waiting.settled("acme", "large.csv").state == "ok"
            comes(waiting, lambda report: account(report, "acme")["in_progress"] is None)


def test_no_account_yet_is_said_by_the_database_only(waiting: Program) -> None:
    """With an empty database the sentence appears; without a database the accounts are unknown."""
    assert "there is no account yet" in cli(waiting, "status").stdout
    waiting.configure(database_url="postgresql://127.0.0.1:1/x")
    shown = cli(waiting, "status").stdout
    assert "no account" not in shown
    assert "the accounts are unknown" in shown


def test_what_each_account_waits_for(waiting: Program) -> None:
    """A half upload, one that is being written and what is behind them, each in words."""
    for name in ("half", "written", "idle"):
        waiting.add_account(name)
    with waiting:
        waiting.drop("half", "half.csv", people(2)[:-5])
        waiting.drop("half", "later.csv", people(1))
        path = waiting.box("written", "in") / ".open.csv"
        with path.open("wb") as writer:
            writer.write(people(1))
            writer.flush()
            path.rename(path.with_name("open.csv"))

            def right(report: dict[str, Any]) -> bool:
                return (
                    "looks incomplete" in (account(report, "half")["waits_for"] or "")
                    and account(report, "written")["waits_for"] == "import/in/open.csv is being written"
                )

            report = comes(waiting, right)
            half = account(report, "half")
            words = r"import/in/half\.csv looks incomplete; will be processed in (\d+) s; 1 behind it"
            assert (match := re.fullmatch(words, half["waits_for"]))
            assert 0 < int(match[1]) <= 3600
            assert half["waiting"] == 2
            assert half["oldest_waiting_seconds"] is not None
            assert account(report, "idle")["waits_for"] is None
        assert waiting.settled("written", "open.csv").state == "ok"


def test_a_stuck_account_is_shown(waiting: Program) -> None:
    """A stuck account is shown with its reason, since when, and how often the daemon has tried."""
    waiting.add_account("acme")
    ok = waiting.box("acme", "ok")
    ok.rmdir()
    ok.write_text("")
    with waiting:
        waiting.drop("acme", "x.csv", people(1))
        report = comes(waiting, lambda report: "tries" in (account(report, "acme")["waits_for"] or ""))
        assert "Not a directory" in account(report, "acme")["waits_for"]
        assert "acme waits" in report["daemon"]["summary"]


def test_queues_and_daemon_are_shown_without_the_database(waiting: Program, databases: Databases) -> None:
    """Exit status 1, the folders' queues, and that the database is waited for; accounts with homes elsewhere too."""
    home = waiting.folder / "elsewhere"
    waiting.add_account("acme")
    waiting.add_account("other", home=str(home))
    (waiting.ftp / "other").rename(home)
    away = {"CONTACTSYNC_DATABASE_URL": "postgresql://127.0.0.1:1/x"}
    with waiting:
        comes(waiting, lambda report: report["daemon"]["state"] == "running")
        (waiting.box("acme", "in") / "x.csv").write_bytes(people(1)[:-5])
        (home / "contacts/delete/in/y.csv").write_bytes(people(1)[:-5])

        def seen() -> bool:
            return "x.csv" in (account(status(waiting, **away)[1], "acme")["waits_for"] or "")

        waiting.until(seen, "the upload is seen")
        code, report = status(waiting, **away)
        assert code == 1
        assert report["database"]["reachable"] is False
        assert "unreachable" in report["database"]["error"]
        assert [(each["account"], each["waiting"]) for each in report["accounts"]] == [
            ("acme", 1),
            ("other", 1),
        ]
    waiting.configure(database_url="postgresql://127.0.0.1:1/x")
    waiting.start()
    (waiting.box("acme", "in") / "z.csv").write_bytes(people(1))
    report = comes(waiting, lambda report: report["daemon"]["database_away"] is not None)
    assert "waiting for the database" in report["daemon"]["sentence"]


def test_status_does_not_disturb_the_daemon_whatever_becomes_of_data_dir(waiting: Program) -> None:
    """Without a data_dir, removed or impossible to make, only the heartbeat is missing."""
    waiting.add_account("acme")
    waiting.folder.joinpath("data").write_text("a file in its place")
    with waiting:
        waiting.drop("acme", "x.csv", people(1))
        assert waiting.settled("acme", "x.csv").state == "ok"
        assert waiting.terminate() == 0
    assert waiting.stderr.read_text() == ""


def test_watch_repeats_the_status(waiting: Program) -> None:
    """A look a line with --json; on a terminal the look takes the whole screen; Ctrl-C ends it with 0."""
    waiting.add_account("acme")
    command = waiting._command("status", "--watch", "--interval", "0.1")
    with subprocess.Popen(
        [*command, "--json"], env=waiting._environment, stdout=subprocess.PIPE, text=True
    ) as watching:
        assert watching.stdout is not None
        for _ in range(3):
            assert json.loads(watching.stdout.readline())["accounts"][0]["account"] == "acme"
        watching.send_signal(signal.SIGINT)
        assert watching.wait(DEADLINE) == 0
    master, slave = pty.openpty()
    with subprocess.Popen(command, env=waiting._environment | {"TERM": "xterm"}, stdout=slave) as watching:
        os.close(slave)
        shown = b""
        while shown.count(b"acme") < 2:
            shown += os.read(master, 4096)
        watching.send_signal(signal.SIGINT)
        # What is written at its end must be read.
        while True:
            try:
                os.read(master, 4096)
            except OSError:
                break
        assert watching.wait(DEADLINE) == 0
    os.close(master)
