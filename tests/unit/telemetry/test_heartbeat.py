"""The daemon's sign of life: written where it can be, never in the way, never another's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from contactsync.telemetry import heartbeat
from contactsync.telemetry.heartbeat import Heartbeat

NOW = "2026-01-01T00:00:00+00:00"


class Told:
    """What the heartbeat asks, and how often it did."""

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
def test_it_is_there_while_it_runs_and_gone_after(tmp_path: Path) -> None:
    """The folder is made where it is missing; nothing else is left in it."""
    folder, told = tmp_path / "a/b", Told()
    sign = Heartbeat(folder, told)
    sign.start()
    for _ in range(3):  # the third question comes after the first answer was written
        assert told.asked.acquire(timeout=60)
    found = json.loads((folder / heartbeat.FILE_NAME).read_text())
    assert (found["pid"], found["summary"]) == (os.getpid(), "well")
    sign.stop()
    assert os.listdir(folder) == []


@pytest.mark.usefixtures("often")
def test_it_goes_on_where_it_cannot_be_written_and_comes_back(tmp_path: Path) -> None:
    """A file in the folder's place, then a folder: the next sign is there."""
    folder, told = tmp_path / "data", Told()
    folder.write_text("")
    sign = Heartbeat(folder, told)
    sign.start()
    for _ in range(3):
        assert told.asked.acquire(timeout=60)
    folder.unlink()
    for _ in range(3):
        assert told.asked.acquire(timeout=60)
    assert (folder / heartbeat.FILE_NAME).exists()
    sign.stop()


def test_another_daemons_sign_is_left(tmp_path: Path) -> None:
    """Two daemons with one data_dir: who ends takes its own away only."""
    (tmp_path / heartbeat.FILE_NAME).write_text('{"pid": 1}')
    Heartbeat(tmp_path, Told()).stop()
    assert (tmp_path / heartbeat.FILE_NAME).exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"pid": 1}', '{"as_of": 5}'])
def test_what_cannot_be_read_is_no_sign(tmp_path: Path, text: str) -> None:
    """Half a file after a power cut, or another version's."""
    (tmp_path / heartbeat.FILE_NAME).write_text(text)
    assert heartbeat.read(tmp_path).state == "not running"


def test_another_process_of_the_same_number_is_none(tmp_path: Path) -> None:
    """A pid that was given again does not make a dead daemon alive."""
    code = "import sys; from contactsync.telemetry.heartbeat import *; print(json.dumps(Heartbeat(Path('.'), dict)._me))"
    env = {**os.environ, "PYTHONPATH": str(Path(heartbeat.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=True, timeout=60)
    dead = {**json.loads(done.stdout), "pid": os.getpid(), "as_of": NOW}
    (tmp_path / heartbeat.FILE_NAME).write_text(json.dumps(dead))
    sign = heartbeat.read(tmp_path)
    assert (sign.state, "did not shut down cleanly" in sign.sentence) == ("not running", True)


def test_a_process_that_was_killed_is_none_before_anybody_asks_for_it() -> None:
    """What is left of it until its parent waits has a number and a start, and does nothing."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert heartbeat._process(child.pid) is not None
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert heartbeat._process(child.pid) is None
    child.communicate()
