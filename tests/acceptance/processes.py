"""What the kernel knows about a process."""

from __future__ import annotations

import os
from pathlib import Path


def processor_seconds(pid: int) -> float:
    """User and system time that a process has used: proc(5), /proc/pid/stat."""
    return _ticks(_fields(pid)[11]) + _ticks(_fields(pid)[12])


def is_stopped(pid: int) -> bool:
    """Whether SIGSTOP has stopped every thread of a process: proc(5), state T."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return all(_fields(pid, int(task.name))[0] == "T" for task in tasks)


def _fields(pid: int, thread: int | None = None) -> list[str]:
    """The fields of `stat` from the third one, the state, on."""
    text = Path(f"/proc/{pid}/task/{thread or pid}/stat" if thread else f"/proc/{pid}/stat").read_text()
    return text.rpartition(")")[2].split()


def _ticks(field: str) -> float:
    return int(field) / os.sysconf("SC_CLK_TCK")
