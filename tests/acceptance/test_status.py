"""`status` beside a real daemon: what waits for what, and what it shows if the database is unreachable."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import psycopg

from tests.acceptance.commands import cli
from tests.acceptance.program import DEADLINE, Program
from tests.acceptance.reported import account, comes, status
from tests.acceptance.tables import people
from tests.faults.proxy import Hold, Proxy, says

if TYPE_CHECKING:
    from tests.conftest import Databases


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
