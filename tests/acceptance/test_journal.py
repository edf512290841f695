"""Under systemd each line has its priority in front; elsewhere it has not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.program import DEADLINE
from tests.model.drive import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LINES = """
import sys
import structlog
from contactsync.telemetry import log
log.configure(sys.argv[1] if len(sys.argv) > 1 else None)
logger = structlog.get_logger()
logger.info("daemon.started")
logger.warning("database.away")
logger.error("bug", exc_info=ValueError("x"))
raise RuntimeError("planted@example.com")
"""


def _say(stream: str | None, *arguments: str) -> list[str]:
    """What a process logs on a pipe, with JOURNAL_STREAM naming that pipe (`ours`), another one, or nothing."""
    read, write = os.pipe()
    status = os.fstat(write)
    named = {"ours": f"{status.st_dev}:{status.st_ino}", "other": f"{status.st_dev}:{status.st_ino + 1}"}
    environment = {key: value for key, value in os.environ.items() if key != "JOURNAL_STREAM"}
    environment["PYTHONPATH"] = str(ROOT / "daemon")
    if stream:
        environment["JOURNAL_STREAM"] = named.get(stream, stream)
    with os.fdopen(read, encoding="utf-8") as lines:
        ran = subprocess.run(
            [sys.executable, "-c", LINES, *arguments],
            env=environment,
            stdout=write,
            stderr=subprocess.PIPE,
            check=False,
            timeout=DEADLINE,
        )
        os.close(write)
        assert (ran.returncode, ran.stderr) == (1, b"")
        return lines.read().splitlines()


def test_the_journal_gets_priorities() -> None:
    """`<6>`, `<4>`, `<3>`, `<2>`: what sd-daemon(3) takes; the rest of the line is the JSON that it was."""
    said = [re.fullmatch(r"<([0-7])>(\{.*\})", line) for line in _say("ours")]
    assert [match and match[1] for match in said] == ["6", "4", "3", "2"]
    events = [json.loads(match[2]) for match in said if match]
    assert [event["level"] for event in events] == ["info", "warning", "error", "critical"]
    assert events[3]["event"] == "crash"
    assert "planted" not in str(events)


def test_the_journal_gets_priorities_in_columns_too() -> None:
    """`log_format = "console"` keeps them: a line is a line."""
    assert [line[:3] for line in _say("ours", "console")] == ["<6>", "<4>", "<3>", "<2>"]


@pytest.mark.parametrize("stream", [None, "other", "nonsense"])
def test_a_pipe_gets_json_alone(stream: str | None) -> None:
    """Also where JOURNAL_STREAM was inherited, and stdout was redirected since."""
    assert [json.loads(line)["level"] for line in _say(stream)] == ["info", "warning", "error", "critical"]


def test_a_terminal_gets_columns(tmp_path: Path) -> None:
    """With colours, and without braces."""
    primary, secondary = os.openpty()
    environment = os.environ | {"PYTHONPATH": str(ROOT / "daemon")}
    ran = subprocess.Popen([sys.executable, "-c", LINES], env=environment, stdout=secondary)
    os.close(secondary)
    said = b""
    # EIO: nobody has the other end any more.
    with suppress(OSError):
        while part := os.read(primary, 65_536):
            said += part
    ran.wait(DEADLINE)
    os.close(primary)
    lines = said.decode().splitlines()
    assert len(lines) == 4
    assert all("\x1b[" in line and "{" not in line for line in lines)
