"""The heartbeat file: it never disturbs the daemon, and never takes one process for another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contactsync.telemetry import heartbeat
from contactsync.telemetry.heartbeat import Heartbeat
from tests.unit.telemetry.measured import STATUS

NOW = "2026-01-01T00:00:00+00:00"


class Described:
    """The content of the file, and how often it was asked for."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)

    def __call__(self) -> dict[str, Any]:
        self.asked.release()
        return {"as_of": NOW, "summary": "well"}


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.0)


@pytest.mark.usefixtures("often")
def test_the_file_exists_while_the_daemon_runs(tmp_path: Path) -> None:
    """A missing folder is created; an orderly end leaves nothing in it."""
    folder, described = tmp_path / "a/b", Described()
    beat = Heartbeat(folder, described)
    beat.start()
    # The third call comes after the first content was written.
    for _ in range(3):
        assert described.asked.acquire(timeout=60)
    found = json.loads((folder / heartbeat.FILE_NAME).read_text())
    assert (found["pid"], found["summary"]) == (os.getpid(), "well")
    beat.stop()
    assert os.listdir(folder) == []


@pytest.mark.usefixtures("often")
def test_it_continues_if_the_file_cannot_be_written(tmp_path: Path) -> None:
    """A file is in the folder's place; once it is gone, the next beat is written."""
    folder, described = tmp_path / "data", Described()
    folder.write_text("")
    beat = Heartbeat(folder, described)
    beat.start()
    for _ in range(3):
        assert described.asked.acquire(timeout=60)
    folder.unlink()
    for _ in range(3):
        assert described.asked.acquire(timeout=60)
    assert (folder / heartbeat.FILE_NAME).exists()
    beat.stop()


def test_another_daemons_file_is_kept(tmp_path: Path) -> None:
    """Two daemons with one data_dir: each removes only its own file."""
    (tmp_path / heartbeat.FILE_NAME).write_text('{"pid": 1}')
    Heartbeat(tmp_path, Described()).stop()
    assert (tmp_path / heartbeat.FILE_NAME).exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"pid": 1}', '{"as_of": 5}'])
def test_a_file_that_cannot_be_parsed_counts_as_none(tmp_path: Path, text: str) -> None:
    """It may be half a file after a power cut, or that of another version."""
    (tmp_path / heartbeat.FILE_NAME).write_text(text)
    assert heartbeat.read(tmp_path).state == "not running"


def test_another_process_with_the_same_pid_is_not_the_daemon(tmp_path: Path) -> None:
    """A pid that is used again does not make a dead daemon alive."""
    code = "import sys; from contactsync.telemetry.heartbeat import *; print(json.dumps(Heartbeat(Path('.'), dict)._me))"
    env = {**os.environ, "PYTHONPATH": str(Path(heartbeat.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=True, timeout=60)
    dead = {**json.loads(done.stdout), "pid": os.getpid(), "as_of": NOW}
    (tmp_path / heartbeat.FILE_NAME).write_text(json.dumps(dead))
    sign = heartbeat.read(tmp_path)
    assert (sign.state, "it was killed or crashed" in sign.sentence) == ("not running", True)


def test_a_zombie_is_not_the_daemon() -> None:
    """Until its parent waits for it, a killed process still has a pid and a start time."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert heartbeat._process(child.pid) is not None
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert heartbeat._process(child.pid) is None
    child.communicate()


@pytest.mark.parametrize(
    ("looped", "changes", "state", "words"),
    [
        (1.0, {}, "running", "running ("),
        (31.0, {}, "hangs", "the main loop has completed no pass for 31 s"),
        (1.0, {"workers_ended": 2}, "hangs", "2 worker threads have ended"),
        (1.0, {"longest_step_seconds": 4000.0}, "hangs", "in progress for 4000 s"),
    ],
)
def test_a_daemon_that_beats_may_hang_all_the_same(
    tmp_path: Path, looped: float, changes: dict[str, object], state: str, words: str
) -> None:
    """The heartbeat's thread runs on beside a main loop or workers that make no progress; the sentence names the fix."""
    content = {
        **Heartbeat(tmp_path, dict)._me,
        **STATUS.as_mapping(),
        "as_of": datetime.now(UTC).isoformat(),
        **changes,
    }
    content |= {"looped_at": time.time() - looped, "loop_limit": 30.0}
    (tmp_path / heartbeat.FILE_NAME).write_text(json.dumps(content))
    sign = heartbeat.read(tmp_path)
    assert (sign.state, sign.is_down) == (state, state == "hangs")
    assert words in sign.sentence
    assert sign.sentence.endswith(heartbeat.RESTART) == (state == "hangs")


def test_the_status_can_be_read_back(tmp_path: Path) -> None:
    """As the daemon wrote it; a file of another version has none."""
    content = {**Heartbeat(tmp_path, dict)._me, **STATUS.as_mapping(), "homes": {}}
    (tmp_path / heartbeat.FILE_NAME).write_text(json.dumps(content))
    assert heartbeat.read(tmp_path).status == STATUS
    del content["running"]
    (tmp_path / heartbeat.FILE_NAME).write_text(json.dumps(content))
    assert heartbeat.read(tmp_path).status is None
