"""`status` beside a real daemon: that it runs, what waits for what, and what can be told where something is away."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.program import Program, people

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
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def account(told: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in told["accounts"] if each["account"] == name)


def comes(program: Program, right: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Ask until the answer is right: what the daemon says of itself is up to a second old."""
    last: list[dict[str, Any]] = []

    def look() -> bool:
        last[:] = [status(program)[1]]
        return right(last[0])

    program.until(look, "the right status", alive=False)
    return last[0]


@pytest.fixture
def waiting(tmp_path: Path, database_url: str) -> Iterator[Program]:
    """A program that waits two minutes for what does not look whole."""
    program = Program(tmp_path / "p", database_url, settle_seconds=0.2, grace_seconds=120, rescan_seconds=0.3)
    yield program
    program.close()


def test_a_daemon_that_runs_ends_and_is_killed(waiting: Program) -> None:
    """Running with its pid; not running after an orderly end, nor at once after a kill, where it had a last sign."""
    waiting.add_account("acme")
    assert status(waiting)[1]["daemon"]["state"] == "not running"
    with waiting:
        told = comes(waiting, lambda told: told["daemon"]["state"] == "running")
        assert told["daemon"]["pid"] == waiting.pid
        assert told["daemon"]["version"]
        assert told["daemon"]["sentence"].startswith(f"running (pid {waiting.pid}, since 20")
        assert waiting.terminate() == 0
        gone = status(waiting)[1]["daemon"]
        assert gone["state"] == "not running"
        assert "no sign of it" in gone["sentence"]
        waiting.start()
        comes(waiting, lambda told: told["daemon"]["state"] == "running")
        waiting.kill()
        (incoming := waiting.box("acme", "in") / "x.csv").touch()
        code, told = status(waiting)
        assert code == 0
        assert "did not shut down cleanly" in told["daemon"]["sentence"]
        assert account(told, "acme")["waits_for"] == "the daemon, which is not running"
        incoming.unlink()


def test_a_stopped_daemon_is_silent(waiting: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGSTOP: the process is there and gives no sign any more."""
    from contactsync.telemetry import heartbeat

    with waiting:
        comes(waiting, lambda told: told["daemon"]["state"] == "running")
        os.kill(waiting.pid, signal.SIGSTOP)
        try:
            monkeypatch.setattr(heartbeat, "SILENT_SECONDS", 0.0)
            sign = heartbeat.read(waiting.folder / "data")
            assert sign.state == "silent"
            assert "hangs" in sign.sentence
        finally:
            os.kill(waiting.pid, signal.SIGCONT)


def test_what_each_account_waits_for(waiting: Program) -> None:
    """A half upload, one that is being written and what is behind them, each in words."""
    for name in ("half", "written", "idle"):
        waiting.add_account(name)
    with waiting:
        waiting.drop("half", "half.csv", people(2)[:-5])
        waiting.drop("half", "later.csv", people(1))
        path = waiting.drop("written", "open.csv", people(1))
        with path.open("ab"):

            def right(told: dict[str, Any]) -> bool:
                return (
                    "looks incomplete" in (account(told, "half")["waits_for"] or "")
                    and account(told, "written")["waits_for"] == "import/in/open.csv is being written"
                )

            told = comes(waiting, right)
            half = account(told, "half")
            assert half["waits_for"].startswith("import/in/half.csv looks incomplete; will be processed in 1")
            assert half["waits_for"].endswith("; 1 behind it")
            assert half["waiting"] == 2
            assert half["oldest_waiting_seconds"] is not None
            assert account(told, "idle")["waits_for"] is None
        assert waiting.settled("written", "open.csv").state == "ok"


def test_trouble_is_told(waiting: Program) -> None:
    """What the daemon cannot go on with stands beside the account, with since when and how often."""
    waiting.add_account("acme")
    ok = waiting.box("acme", "ok")
    ok.rmdir()
    ok.write_text("")
    with waiting:
        waiting.drop("acme", "x.csv", people(1))
        told = comes(waiting, lambda told: "tries" in (account(told, "acme")["waits_for"] or ""))
        assert "Not a directory" in account(told, "acme")["waits_for"]
        assert "acme waits" in told["daemon"]["summary"]


def test_without_the_database_queues_and_daemon_are_told(waiting: Program, databases: Databases) -> None:
    """Exit status 1, the folders' queues, and that the database is waited for; accounts with homes elsewhere too."""
    home = waiting.folder / "elsewhere"
    waiting.add_account("acme")
    waiting.add_account("other", home=str(home))
    (waiting.ftp / "other").rename(home)
    away = {"CONTACTSYNC_DATABASE_URL": "postgresql://127.0.0.1:1/x"}
    with waiting:
        comes(waiting, lambda told: told["daemon"]["state"] == "running")
        (waiting.box("acme", "in") / "x.csv").write_bytes(people(1)[:-5])
        (home / "contacts/delete/in/y.csv").write_bytes(people(1)[:-5])

        def seen() -> bool:
            return "x.csv" in (account(status(waiting, **away)[1], "acme")["waits_for"] or "")

        waiting.until(seen, "the upload is seen")
        code, told = status(waiting, **away)
        assert code == 1
        assert told["database"]["reachable"] is False
        assert "unreachable" in told["database"]["error"]
        assert [(each["account"], each["waiting"]) for each in told["accounts"]] == [
            ("acme", 1),
            ("other", 1),
        ]
    waiting.configure(database_url="postgresql://127.0.0.1:1/x")
    waiting.start()
    (waiting.box("acme", "in") / "z.csv").write_bytes(people(1))
    told = comes(waiting, lambda told: told["daemon"]["database_away"] is not None)
    assert "waiting for the database" in told["daemon"]["sentence"]


def test_status_does_not_disturb_the_daemon_whatever_becomes_of_data_dir(waiting: Program) -> None:
    """A data_dir that is taken away, or cannot be made, costs its sign of life and nothing else."""
    waiting.add_account("acme")
    waiting.folder.joinpath("data").write_text("a file in its place")
    with waiting:
        waiting.drop("acme", "x.csv", people(1))
        assert waiting.settled("acme", "x.csv").state == "ok"
        assert waiting.terminate() == 0
    assert waiting.stderr.read_text() == ""


def test_watch_shows_it_again_and_again(waiting: Program) -> None:
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
        assert watching.wait(60) == 0
    master, slave = pty.openpty()
    with subprocess.Popen(command, env=waiting._environment | {"TERM": "xterm"}, stdout=slave) as watching:
        os.close(slave)
        shown = b""
        while shown.count(b"acme") < 2:
            shown += os.read(master, 4096)
        watching.send_signal(signal.SIGINT)
        while True:  # what is written at its end must be read
            try:
                os.read(master, 4096)
            except OSError:
                break
        assert watching.wait(60) == 0
    os.close(master)
