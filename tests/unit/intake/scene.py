"""What the tests of the upload queue share: a clock that the test sets, uploads, and the queue."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

from contactsync.domain.deposit import ACTIONS, Action, FileIdentity, Incoming
from contactsync.intake.upload_queue import Claim, UploadQueue
from contactsync.reading.container import looks_whole
from contactsync.runtime.clock import Clock
from contactsync.spool.spool import Spool

IMPORT, DELETE = ACTIONS["import"], ACTIONS["delete"]

# Longer than any pause of a busy machine: change times are real.
SETTLE, GRACE, RESCAN = 500.0, 12_000.0, 2.0

YEAR = 365 * 86_400
NOW = 1_795_000_000

ANY_TIME = st.one_of(
    st.integers(-(2**31), 2**33),  # 1901 to 2242
    st.sampled_from([0, 1, -1, NOW - 1, NOW, NOW + 1, 4_291_747_200]),  # the last is 2106
)


@dataclass
class HostClock:
    """A host's two clocks; only the wall clock can be set."""

    wall: float = NOW
    monotonic: float = 1000.0

    def go(self, seconds: float) -> None:
        """Let time pass."""
        self.wall += seconds
        self.monotonic += seconds

    def clock(self) -> Clock:
        """The clock that the program receives."""
        return Clock(lambda: self.wall, lambda: self.monotonic)


def queue_for(clock: HostClock, settle: float = SETTLE, grace: float = GRACE) -> UploadQueue:
    """A queue that has seen nothing yet."""
    return UploadQueue(settle_seconds=settle, grace_seconds=grace, rescan_seconds=RESCAN, clock=clock.clock())


def drop(
    root: Path,
    clock: HostClock,
    name: str = "a.csv",
    *,
    content: bytes = b"Email\n",
    action: str = "import",
    after: Path | None = None,
) -> Path:
    """Upload a file at the clock's present. Its change time is later than that of `after`."""
    path = root / action / "in" / name
    path.write_bytes(content)
    while after is not None and path.lstat().st_ctime_ns <= after.lstat().st_ctime_ns:
        path.chmod(0o600)
        path.chmod(0o640)
    # A microsecond later, because a float of that size does not hold nanoseconds.
    clock.wall = max(clock.wall, path.lstat().st_ctime + 1e-6)
    return path


def ask(queue: UploadQueue, spool: Spool) -> str | float | None:
    """The name of the upload that is claimed, without its stamp; otherwise what `next` returns."""
    found = queue.next(spool, lambda _action, _name: False, looks_whole)
    return found.name.split(b"_", 1)[1].decode() if isinstance(found, Claim) else found


def incoming(ctime: float, size: int = 1, action: Action = IMPORT, name: bytes = b"a") -> Incoming:
    """A file as a scan sees it, changed at this second."""
    return Incoming(action, name, FileIdentity(1, 2, 0o100644, 1, size, 0, int(ctime * 1e9)))
