"""Faults in a process that runs: strace attached to it, for as long as the fault lasts."""

from __future__ import annotations

import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@contextmanager
def injected(pid: int, faults: Sequence[str], paths: Sequence[Path], log: Path) -> Iterator[None]:
    """Inject `CALL:error=ERRNO` (or `CALL:signal=…`) in all threads of a process, in calls on these paths."""
    calls = ",".join(fault.partition(":")[0] for fault in faults)
    injects = [part for fault in faults for part in ("-e", f"inject={fault}")]
    only = [part for path in paths for part in ("-P", str(path))]
    command = [
        "strace",
        "-f",
        "-I",
        "2",
        "-o",
        str(log),
        "-e",
        f"trace={calls}",
        *injects,
        *only,
        "-p",
        str(pid),
    ]
    strace = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert strace.stderr is not None
    try:
        while "attached" not in (line := strace.stderr.readline()):
            assert line, "strace did not attach"
        yield
    finally:
        strace.send_signal(signal.SIGINT)
        strace.communicate()
