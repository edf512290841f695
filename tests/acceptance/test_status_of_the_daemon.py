"""`status` and `doctor`: whether the daemon runs, has ended, was killed or hangs."""

from __future__ import annotations

import json
import os
import re
import signal
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.acceptance.commands import cli
from tests.acceptance.processes import is_stopped
from tests.acceptance.reported import account, comes, status
from tests.acceptance.tables import people

if TYPE_CHECKING:
    from tests.acceptance.program import Program


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


def test_status_does_not_disturb_the_daemon_whatever_becomes_of_data_dir(waiting: Program) -> None:
    """Without a data_dir, removed or impossible to make, only the heartbeat is missing."""
    waiting.add_account("acme")
    waiting.folder.joinpath("data").write_text("a file in its place")
    with waiting:
        waiting.drop("acme", "x.csv", people(1))
        assert waiting.settled("acme", "x.csv").state == "ok"
        assert waiting.terminate() == 0
    assert waiting.stderr.read_text() == ""
