"""The heartbeat: the running daemon writes its status to a small file, and `status` and `doctor` read it.

The file is replaced when something has changed (once per second at most) and every few seconds anyhow. An orderly
end removes it. Nothing depends on it: if it cannot be written, the daemon continues without it.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Literal

from contactsync import __version__
from contactsync.runtime.background import Background
from contactsync.runtime.boot import boot_id
from contactsync.telemetry import health
from contactsync.telemetry.status import DaemonStatus

FILE_NAME = "condition.json"
LOOK_SECONDS = 1.0
BEAT_SECONDS = 4.0
SILENT_SECONDS = 15.0
"""A daemon without a heartbeat for this long is hung, or was killed."""

START, RESTART = "systemctl start contactsync", "systemctl restart contactsync"

_CLOCKS = ("as_of", "looped_at")
"""What changes all the time, and is no reason to write the file."""


class Heartbeat(Background[object, object]):
    """The thread that writes the file."""

    max_stop_seconds: ClassVar[float] = LOOK_SECONDS

    def __init__(self, data_dir: Path, describe: Callable[[], Mapping[str, Any]]) -> None:
        """`describe` returns the file's content, ready for JSON, with `as_of` and `summary`. The thread calls it."""
        super().__init__("heartbeat")
        self._folder = data_dir
        self._describe = describe
        self._me = {
            "pid": os.getpid(),
            "process": _process(os.getpid()),
            "pid_namespace": _pid_namespace(),
            "version": __version__,
            "since": datetime.now(UTC).isoformat(),
        }

    def stop(self, seconds: float = threading.TIMEOUT_MAX) -> bool:
        """End the thread and remove the file. Another daemon's file in the same folder is kept."""
        ended = super().stop(seconds)
        found = _load(self._folder)
        if found is not None and found.get("pid") == os.getpid():
            with suppress(OSError):
                os.unlink(self._folder / FILE_NAME)
        return ended

    def _run(self) -> None:
        written: Mapping[str, Any] | None = None
        written_at = float("-inf")
        while not self._stopping:
            content = self._describe()
            changing = {key: value for key, value in content.items() if key not in _CLOCKS}
            if changing != written or time.monotonic() - written_at >= BEAT_SECONDS:
                self._write({**self._me, **content})
                written, written_at = changing, time.monotonic()
            self._pause(LOOK_SECONDS)

    def _write(self, content: Mapping[str, Any]) -> None:
        aside = self._folder / f".{FILE_NAME}.{os.getpid()}"
        try:
            os.makedirs(self._folder, 0o700, exist_ok=True)
            fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                json.dump(content, file)
            os.rename(aside, self._folder / FILE_NAME)
        # The disk is full, read-only or gone: the next one may succeed.
        except OSError:
            with suppress(OSError):
                os.unlink(aside)


@dataclass(frozen=True, slots=True)
class Sign:
    """What the file of a data_dir shows. `content` is empty if there is none."""

    state: Literal["running", "hangs", "silent", "not running", "unknown"]
    content: Mapping[str, Any]
    data_dir: Path
    silent_seconds: float | None = None
    # Why it hangs, by its own account.
    hangs: str | None = None

    @property
    def is_down(self) -> bool:
        """Whether the daemon certainly does not do its work."""
        return self.state not in ("running", "unknown")

    @property
    def status(self) -> DaemonStatus | None:
        """The daemon's last known status; None if there is none, or another version wrote it."""
        try:
            return DaemonStatus.from_mapping(self.content)
        except (KeyError, TypeError, ValueError):
            return None

    @property
    def sentence(self) -> str:
        """One line for people."""
        content = self.content
        if self.state == "unknown":
            return "unknown: its data_dir may not be read; ask as root or as the daemon's user"
        if self.state == "not running" and content:
            when = content["as_of"][:19]
            return f"not running: it was killed or crashed (last heartbeat {when}Z). Start it: {START}"
        if self.state == "not running":
            return f"not running (there is no heartbeat in {self.data_dir}). Start it: {START}"
        process = f"pid {content['pid']}, since {content['since'][:19]}Z, version {content['version']}"
        if self.state == "silent":
            silent = f"silent for {self.silent_seconds:.0f} s ({process})"
            return f"{silent}: it hangs, or cannot write its data_dir. Restart it: {RESTART}"
        if self.state == "hangs":
            return f"hangs: {self.hangs} ({process}). Restart it: {RESTART}"
        return f"running ({process}): {content['summary']}"


def read(data_dir: Path) -> Sign:
    """What the daemon of this data_dir shows of itself. Raises PermissionError if its file may not be read."""
    content = _load(data_dir)
    try:
        silent = time.time() - datetime.fromisoformat(content["as_of"]).timestamp() if content else None
        if content is None or silent is None:
            return Sign("not running", {}, data_dir)
        # Pids of another container mean nothing here: then the file is believed.
        if content["pid_namespace"] == _pid_namespace() and _process(content["pid"]) != content["process"]:
            return Sign("not running", content, data_dir, silent)
    # Another version wrote it.
    except (KeyError, TypeError, ValueError):
        return Sign("not running", {}, data_dir)
    if silent >= SILENT_SECONDS:
        return Sign("silent", content, data_dir, silent)
    sign = Sign("running", content, data_dir, silent)
    hangs = _why_it_hangs(sign)
    return replace(sign, state="hangs", hangs=hangs) if hangs else sign


def _why_it_hangs(sign: Sign) -> str | None:
    """What the daemon itself reports as failing in `/healthz`; None if nothing, or if another version wrote it."""
    status, content = sign.status, sign.content
    if status is None or "looped_at" not in content:
        return None
    loop_silent = time.time() - content["looped_at"]
    failing = health.judge(status, loop_silent=loop_silent, loop_limit=content["loop_limit"]).failing
    return failing[0] if failing else None


def _load(folder: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except PermissionError:
        raise
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _process(pid: int) -> str | None:
    """What distinguishes a process from a later one with the same pid: the boot's id and its start time (proc(5)).

    None if there is no such process, or only a zombie.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state == "Z" else f"{boot_id()} {fields[18]}"


def _pid_namespace() -> str | None:
    with suppress(OSError):
        return os.readlink("/proc/self/ns/pid")
    return None
