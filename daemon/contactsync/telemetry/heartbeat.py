"""A sign of life: the running daemon tells other processes in a small file how it is; `status` reads it.

The file is written aside and renamed, when something has changed (once a second at most) and every few seconds anyhow.
It is removed at an orderly end. Nothing depends on it: where it cannot be written, the daemon goes on without a word.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Literal

from contactsync import __version__
from contactsync.runtime.background import Background

FILE_NAME = "condition.json"
LOOK_SECONDS = 1.0
SIGN_SECONDS = 4.0
SILENT_SECONDS = 15.0
"""A daemon that has given no sign for so long hangs, or was killed."""


class Heartbeat(Background[object, object]):
    """The thread that writes the file."""

    max_stop_seconds: ClassVar[float] = LOOK_SECONDS

    def __init__(self, data_dir: Path, tell: Callable[[], Mapping[str, Any]]) -> None:
        """Prepare; `tell` says how the daemon is, as JSON takes it, `as_of` among it. It is called by the thread."""
        super().__init__("heartbeat")
        self._folder = data_dir
        self._tell = tell
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
        said: Mapping[str, Any] | None = None
        said_at = float("-inf")
        while not self._stopping:
            told = self._tell()
            news = {key: value for key, value in told.items() if key != "as_of"}
            if news != said or time.monotonic() - said_at >= SIGN_SECONDS:
                self._write({**self._me, **told})
                said, said_at = news, time.monotonic()
            self._pause(LOOK_SECONDS)

    def _write(self, content: Mapping[str, Any]) -> None:
        aside = self._folder / f".{FILE_NAME}.{os.getpid()}"
        try:
            os.makedirs(self._folder, 0o700, exist_ok=True)
            fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                json.dump(content, file)
            os.rename(aside, self._folder / FILE_NAME)
        except OSError:  # full, read-only, gone: the next one may fit
            with suppress(OSError):
                os.unlink(aside)


@dataclass(frozen=True, slots=True)
class Sign:
    """What the file of a data_dir says. `told` is empty where there is none."""

    state: Literal["running", "silent", "not running", "unknown"]
    told: Mapping[str, Any]
    data_dir: Path
    silent_seconds: float | None = None

    @property
    def sentence(self) -> str:
        """One line for people."""
        if self.state == "unknown":
            return "not to be told: its data_dir may not be read; ask as root or as the daemon's user"
        if self.state == "not running" and self.told:
            return (
                f"not running: its last sign was at {self.told['as_of'][:19]}Z, it did not end in good order"
            )
        if self.state == "not running":
            return f"not running (there is no sign of it in {self.data_dir})"
        who = f"pid {self.told['pid']}, since {self.told['since'][:19]}Z, version {self.told['version']}"
        if self.state == "silent":
            return f"silent for {self.silent_seconds:.0f} s ({who}): it hangs, or cannot write its data_dir"
        return f"running ({who}): {self.told['summary']}"


def read(data_dir: Path) -> Sign:
    """What the daemon of this data_dir says of itself. Raises PermissionError where the file may not be read."""
    told = _load(data_dir)
    try:
        silent = time.time() - datetime.fromisoformat(told["as_of"]).timestamp() if told else None
        if told is None or silent is None:
            return Sign("not running", {}, data_dir)
        # In another container its number says nothing here: then its word is taken.
        if told["pid_namespace"] == _pid_namespace() and _process(told["pid"]) != told["process"]:
            return Sign("not running", told, data_dir, silent)
    except (KeyError, TypeError, ValueError):  # another version's
        return Sign("not running", {}, data_dir)
    return Sign("running" if silent < SILENT_SECONDS else "silent", told, data_dir, silent)


def _load(folder: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except PermissionError:
        raise
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _process(pid: int) -> str | None:
    """What tells a process from a later one of the same number: the boot's id and when it started (proc(5)).

    None where there is none, or only what is left of one until its parent asks for it (a zombie).
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state == "Z" else f"{boot} {fields[18]}"


def _pid_namespace() -> str | None:
    with suppress(OSError):
        return os.readlink("/proc/self/ns/pid")
    return None
