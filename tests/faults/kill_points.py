"""SIGKILL at the Nth call of one system call, for every N, then a restart: `strace -e inject=…:signal=SIGKILL:when=N`.

Only calls on the tree's own folders and files count, or on the socket to the database, so that N begins after
start-up. strace kills at the call's entry: the process dies with everything done up to the call, but not the call.
strace counts each call and each thread separately, so the runs have one worker.
"""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol

from tests.faults import scene

if TYPE_CHECKING:
    from pathlib import Path

UNKILLED_ENDS = 2
"""So many runs past the counted points must end unkilled: the count of one run may differ by a call or two."""


@dataclass(frozen=True)
class Fault:
    """A system call at which to kill.

    `making` keeps only calls that make a file; `besides` are faults that hold all the time (`SYSCALL:error=ERRNO`).
    `at_most` takes so many points, evenly spread, of calls that are too many to try them all.
    """

    call: str
    tree: bool = True
    making: bool = False
    besides: str = ""
    at_most: int = 1_000_000

    @property
    def name(self) -> str:
        anywhere = " to the database" if self.call in _LINK else " anywhere"
        what = f"{self.call}{' for writing' if self.making else ''}{'' if self.tree else anywhere}"
        return f"{what}, {self.besides}" if self.besides else what


_LINK = ("sendto", "sendmsg", "recvfrom", "recvmsg", "poll")
_PLACES = ("rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat")
NO_NOREPLACE = "renameat2:error=EINVAL"
NO_RENAMEAT2 = "renameat2:error=ENOSYS"
ASKED = (
    *(Fault(call) for call in _PLACES),
    Fault("openat", making=True),
    *(Fault(call) for call in ("write", "pwrite64", "fsync", "fdatasync")),
    *(Fault(call, tree=False) for call in ("sendto", "sendmsg", "recvfrom", "recvmsg")),
)
"""The system calls at which a kill is tried."""
MORE = (
    *(
        Fault(call)
        for call in (
            "read",
            "pread64",
            "fcntl",
            "flock",
            "fchmod",
            "mkdirat",
            "getdents64",
            "lseek",
            "ftruncate",
        )
    ),
    *(Fault(call, at_most=60) for call in ("close", "newfstatat", "statx", "fstat")),
    *(Fault(call, besides=NO_NOREPLACE) for call in ("renameat", "linkat", "unlinkat", "close", "fsync")),
    Fault("openat", making=True, besides=NO_NOREPLACE),
    *(Fault(call, besides=NO_RENAMEAT2) for call in ("renameat", "linkat", "unlinkat")),
    Fault("poll", tree=False, at_most=100),
    *(Fault(call, tree=False, at_most=40) for call in ("futex", "mmap", "munmap", "brk", "mkdir", "fcntl")),
)
"""Other moments, and a file system without RENAME_NOREPLACE or a kernel without renameat2."""


class Subject(Protocol):
    """What is killed: the program, or the naive one."""

    def stage(self) -> None:
        """Create the scene again."""

    def log_tail(self) -> str:
        """Its last words."""

    def once(self, *prefix: str) -> int:
        """Run it to its end under the prefix; the exit status, negative where it was killed."""

    def traced_paths(self) -> list[Path]:
        """What of the tree counts."""

    def outcome(self) -> object:
        """What became of the scene."""

    def wrong(self, wanted: object | None) -> list[str]:
        """What is wrong now; with `wanted`, after a run to the end."""


class Contactsync(scene.Run):
    """The program itself, with one worker."""

    def __init__(self, folder: Path, database_url: str) -> None:
        super().__init__(folder, database_url, workers=1)

    def outcome(self) -> dict[str, object]:
        return scene.outcome(self)

    def wrong(self, wanted: object | None) -> list[str]:
        found = scene.wrong_places(self, amid=wanted is None)
        if isinstance(wanted, dict):
            found += scene.disagreements(self) + scene.differences(self, wanted)
        return found


@cache
def why_not() -> str | None:
    """Why this host cannot inject faults; None if it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(
        ["strace", "-f", "-qq", "-e", "inject=openat:signal=SIGKILL:when=1", "true"],
        capture_output=True,
        check=False,
    )
    return None if tried.returncode == -9 else "strace may not trace here"


def _strace(faults: Sequence[Fault], paths: list[Path], *options: str) -> tuple[str, ...]:
    """The prefix that traces the calls of faults which share a place and what is besides."""
    first = faults[0]
    besides = ("-e", f"inject={first.besides}") if first.besides else ()
    calls = ",".join({fault.call for fault in faults} | {first.besides.partition(":")[0]} - {""})
    filters = [part for path in paths for part in ("-P", str(path))] if first.tree else []
    return ("strace", "-f", "-qq", "-e", "signal=none", "-e", f"trace={calls}", *besides, *filters, *options)


def points(subject: Subject, faults: Sequence[Fault], log: Path) -> dict[Fault, list[int]]:
    """The Ns of a run without kills; the faults must have their place in common."""
    subject.stage()
    status = subject.once(*_strace(faults, subject.traced_paths(), "-o", str(log)))
    assert status == 0, f"a run that was only watched ended with {status}\n{subject.log_tail()}"
    seen: Counter[tuple[str, str]] = Counter()
    found: dict[Fault, set[int]] = {fault: set() for fault in faults}
    for line in log.read_text(errors="replace").splitlines():
        thread, _, call = line.partition(" ")
        name = call.lstrip().partition("(")[0]
        seen[thread, name] += 1
        for fault in faults:
            if fault.call == name and (not fault.making or "O_CREAT" in call):
                found[fault].add(seen[thread, name])
    return {fault: sorted(numbers) for fault, numbers in found.items()}


@dataclass(frozen=True)
class Shot:
    """One kill and what was wrong after it and after the restart."""

    fault: Fault
    when: int
    killed: bool
    wrong: tuple[str, ...]


def shoot(subject: Subject, fault: Fault, when: int, log: Path, wanted: object) -> Shot:
    """Kill at the Nth call, look, restart (what is besides the kill still holds), look again."""
    subject.stage()
    paths = subject.traced_paths()
    inject = ("-o", str(log), "-e", f"inject={fault.call}:signal=SIGKILL:when={when}")
    status = subject.once(*_strace([fault], paths, *inject))
    wrong = subject.wrong(None)
    besides = _strace([fault], paths, "-o", str(log)) if fault.besides else ()
    again = subject.once(*besides)
    if again != 0:
        wrong.append(f"the restart ended with {again}: {subject.log_tail()[-1000:]}")
    return Shot(fault, when, status == -9, tuple(wrong + subject.wrong(wanted)))


def reference(subject: Subject) -> object:
    """What becomes of the scene without faults."""
    subject.stage()
    assert subject.once() == 0
    wanted = subject.outcome()
    assert subject.wrong(wanted) == []
    return wanted


def shots(subject: Subject, fault: Fault, folder: Path, wanted: object, every: int = 1) -> Iterator[Shot]:
    """Every point of a fault (or every Kth), and on until runs end unkilled."""
    log = folder / "strace.log"
    when = 0
    found = points(subject, [fault], log)[fault]
    for when in found[:: max(every, -(-len(found) // fault.at_most))]:
        yield shoot(subject, fault, when, log, wanted)
    unkilled = 0
    while when and len(found) <= fault.at_most and unkilled < UNKILLED_ENDS:
        when += 1
        shot = shoot(subject, fault, when, log, wanted)
        unkilled += not shot.killed
        yield shot
