"""An account's deposits in line: which one may be claimed next, and when to look again (protocol 1, 4).

The scan is the truth; events only make it prompt. Every file has a quiet clock of its own, which starts again
when the file's identity changes and, because it is monotonic, does not care when the host's clock is set.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from contactsync.domain.deposit import Action, FileIdentity, Incoming
from contactsync.domain.names import printable
from contactsync.runtime.clock import SYSTEM_CLOCK, Clock
from contactsync.runtime.kernel import Lease, release_lease, take_lease
from contactsync.spool.spool import Spool
from contactsync.telemetry.status import Waiting

SCAN_SHARE = 20
"""A scan of a crowded folder is repeated only after twenty times as long as it took."""

CROWDED_SECONDS = 0.01
"""A scan that takes longer has met a crowded folder: others shall not wait for it again and again."""

RECHECK_SECONDS = 1.0
"""When to look again at a file that somebody is writing, should its closing go unnoticed."""

CHANGED_SECONDS = 0.1
"""When to look again at a file that changed under our eyes; it comes after all that were seen before."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A file as it was seen; quiet since `since` on the monotonic clock, deposited at `deposited` (ns since 1970)."""

    identity: FileIdentity
    since: float
    deposited: int


class QuietClocks:
    """Since when each file has been quiet, on the monotonic clock, in seconds; and when it was deposited."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._known: dict[tuple[str, bytes], _Known] = {}
        self._last_scan = float("-inf")

    def observe(self, found: list[Incoming], *, monotonic: float, wall: float) -> None:
        """Take note of a whole scan.

        A file that is new or has changed has been quiet since its ctime, as far as that is past, but not since
        before the last scan, which did not see it like this: a clock that was set tells no lies that way.

        Its deposit date is its ctime, or where that lies ahead of the clock, the time at which it was first seen so:
        else what was deposited before the clock was set back would come after all that is deposited until then.
        """
        now, before = int(wall * 1e9), self._known
        self._known = {}
        for file in found:
            key = (file.action.name, file.name)
            known = before.get(key)
            if known is None or known.identity != file.identity:
                age = max(0.0, wall - file.identity.ctime / 1e9)
                known = _Known(file.identity, max(monotonic - age, self._last_scan), file.identity.ctime)
            deposited = file.identity.ctime if file.identity.ctime <= now else min(known.deposited, now)
            self._known[key] = replace(known, deposited=deposited)
        self._last_scan = monotonic

    def quiet(self, file: Incoming, *, monotonic: float) -> float:
        """For how many seconds the file has been quiet."""
        return monotonic - self._known[file.action.name, file.name].since

    def deposited(self, file: Incoming) -> int:
        """When the file was deposited, in nanoseconds since 1970: never beyond any time at which it was there."""
        return self._known[file.action.name, file.name].deposited

    def restart(self, file: Incoming, *, monotonic: float) -> None:
        """Somebody is writing it: count again from now."""
        key = (file.action.name, file.name)
        self._known[key] = replace(self._known[key], identity=file.identity, since=monotonic)


@dataclass(frozen=True, slots=True)
class Claim:
    """A file that has been renamed to `on/<name>`; `seen` is what it was before."""

    seen: Incoming
    name: bytes


class UploadQueue:
    """The deposits of one account. Used by one thread at a time."""

    def __init__(
        self,
        *,
        settle_seconds: float,
        grace_seconds: float,
        rescan_seconds: float,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Nothing seen yet; for the times see `set_waits`."""
        self._clock = clock
        self.set_waits(
            settle_seconds=settle_seconds, grace_seconds=grace_seconds, rescan_seconds=rescan_seconds
        )
        self._clocks = QuietClocks()
        self._backlog: deque[Incoming] = deque()
        self._fresh_until = self._rest_until = float("-inf")
        self._flood_left = -1
        self.waiting: Waiting | None = None  # read by other threads: replaced, never changed

    def set_waits(self, *, settle_seconds: float, grace_seconds: float, rescan_seconds: float) -> None:
        """The waiting times (protocol 1), from the next look on; the quiet clocks go on."""
        self._settle, self._grace, self._rescan = settle_seconds, grace_seconds, rescan_seconds

    def next(
        self,
        spool: Spool,
        taken: Callable[[Action, bytes], bool],
        looks_whole: Callable[[int, FileIdentity], bool],
    ) -> Claim | float | None:
        """Claim the oldest finished deposit.

        Else tell in how many seconds one may be finished, or None where nothing is on its way. A file that is
        being written holds nobody back; one that waits out its quiet time holds back the later ones.
        """
        now = self._clock.monotonic()
        if now >= (self._fresh_until if self._backlog else self._rest_until) or self._flood_left == 0:
            self._scan(spool)
        elif not self._backlog:
            return self._rest_until - now
        self.waiting = None
        soon: float | None = None
        while self._backlog:
            file = self._backlog[0]
            seen = spool.look(file)
            if seen != file.identity:  # nobody else's place changes: the next scan gives it its own
                soon = CHANGED_SECONDS if seen else soon
                self._backlog.popleft()
                continue
            wait = self._wait(spool, file, looks_whole)
            if wait is None:
                soon = soon or RECHECK_SECONDS
                self._note(file, None)
            elif wait > 0:
                self._note(file, wait)
                return min(wait, soon or wait)
            else:
                claimed = spool.claim(file, taken, self._clocks.deposited(file))
                if claimed is not None:
                    self._backlog.popleft()
                    self._flood_left -= 1
                    return Claim(file, claimed)
                soon = soon or RECHECK_SECONDS
                self._note(file, None)
                self._clocks.restart(file, monotonic=self._clock.monotonic())
            self._backlog.popleft()
        return soon

    def _note(self, file: Incoming, seconds: float | None) -> None:
        """Remember what is waited for, of several the one that holds back the others: it comes last."""
        settling = self._clocks.quiet(file, monotonic=self._clock.monotonic()) < self._settle
        why: Literal["written", "settling", "grace"] = "settling" if settling else "grace"
        self.waiting = Waiting(
            file.action.name,
            printable(file.name),
            "written" if seconds is None else why,
            None if seconds is None else self._clock.now() + timedelta(seconds=seconds),
            len(self._backlog) - 1,
        )

    def _scan(self, spool: Spool) -> None:
        started = self._clock.monotonic()
        found = spool.incoming()
        ended = self._clock.monotonic()
        self._clocks.observe(found, monotonic=ended, wall=self._clock.wall())
        self._backlog = deque(sorted(found, key=lambda file: (self._clocks.deposited(file), file.place)))
        # Half of a flood's oldest files pay for a scan: they must not run out while it is thought too dear.
        self._flood_left = len(found) // 2 if spool.cut_off else -1
        pause = SCAN_SHARE * (ended - started)
        self._fresh_until = ended + max(self._rescan, pause)
        self._rest_until = ended + (pause if ended - started > CROWDED_SECONDS else 0.0)

    def _wait(
        self, spool: Spool, file: Incoming, looks_whole: Callable[[int, FileIdentity], bool]
    ) -> float | None:
        """Seconds until the file may be claimed; None where somebody is writing it."""
        now = self._clock.monotonic()
        quiet = self._clocks.quiet(file, monotonic=now)
        if not file.identity.is_plain:
            return self._settle - quiet
        if quiet >= max(self._settle, self._grace):
            return 0.0
        opened = spool.open_incoming(file)
        if opened is None:
            return 0.0  # unreadable or changed: claiming will tell
        with opened:
            lease = take_lease(opened.fileno())
            if lease is Lease.WRITER:
                self._clocks.restart(file, monotonic=now)
                return None
            if lease is Lease.FREE:  # it told what was asked; vsftpd refuses an upload that would wait for it
                release_lease(opened.fileno())
            if quiet < self._settle:
                return self._settle - quiet
            whole = looks_whole(opened.fileno(), file.identity)
        return 0.0 if whole else max(self._grace - quiet, 0.0)
