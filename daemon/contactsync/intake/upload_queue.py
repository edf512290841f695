"""The queue of an account's uploads: which one may be claimed next, and when to look again (protocol 1, 4).

The scan is the truth; events only make the daemon prompt.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from contactsync.domain.deposit import Action, FileIdentity, Incoming
from contactsync.domain.names import is_confirmation, printable
from contactsync.intake.quiet_clocks import QuietClocks
from contactsync.runtime.clock import SYSTEM_CLOCK, Clock
from contactsync.spool.inbox import Probe
from contactsync.spool.spool import Spool
from contactsync.telemetry.status import Waiting

CONSENT = ("optout", "optin")
"""The kinds of actions that no quiet time of another file delays (protocol 4)."""

SCAN_SHARE = 20
"""A scan of a crowded folder is repeated only after twenty times as long as it took."""

CROWDED_SECONDS = 0.01
"""A scan that takes longer has met a crowded folder, for which the other accounts must not wait again and again."""

RECHECK_SECONDS = 1.0
"""When to look again at a file that somebody is writing, in case the event of its closing is lost."""

CHANGED_SECONDS = 0.1
"""When to look again at a file that changed since the scan; it now comes after every file that the scan saw."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A file that was renamed to `on/<name>`; `seen` is the file before the rename."""

    seen: Incoming
    name: bytes


@dataclass(frozen=True, slots=True)
class _NotYet:
    """Why a file cannot be claimed yet, and in how many seconds to look again; None if it is gone."""

    why: Literal["changed", "written", "quiet"]
    seconds: float | None


class UploadQueue:
    """The uploads of one account. Used by one thread at a time."""

    def __init__(
        self,
        *,
        settle_seconds: float,
        grace_seconds: float,
        rescan_seconds: float,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Start without any file; for the times see `set_waits`."""
        self._clock = clock
        self.set_waits(
            settle_seconds=settle_seconds, grace_seconds=grace_seconds, rescan_seconds=rescan_seconds
        )
        self._clocks = QuietClocks()
        self._backlog: deque[Incoming] = deque()
        self._fresh_until = self._rest_until = float("-inf")
        self._flood_left = -1
        # Read by other threads: replaced, never changed.
        self.waiting: Waiting | None = None

    def set_waits(self, *, settle_seconds: float, grace_seconds: float, rescan_seconds: float) -> None:
        """Set the waiting times (protocol 1), from the next look on; the quiet clocks keep running."""
        self._settle, self._grace, self._rescan = settle_seconds, grace_seconds, rescan_seconds

    def next(
        self,
        spool: Spool,
        taken: Callable[[Action, bytes], bool],
        looks_whole: Callable[[int, FileIdentity], bool],
        before: Callable[[Incoming], None] = lambda _upload: None,
    ) -> Claim | float | None:
        """Claim the oldest finished upload.

        If there is none, return in how many seconds one may be finished, or None if nothing is on its way. A file
        that is being written holds back no other, nor does an empty one. Any other that waits out its quiet time holds
        back the later ones, but no opt-out and no opt-in: they are by address, so they may come before an import.
        `taken` is for `Spool.claim`, `looks_whole` for `Spool.probe`. `before` is called with the upload before it is
        claimed; if it raises, the upload keeps its place.
        """
        now = self._clock.monotonic()
        if now >= (self._fresh_until if self._backlog else self._rest_until) or self._flood_left == 0:
            self._scan(spool)
        elif not self._backlog:
            return self._rest_until - now
        self.waiting = None
        soon: float | None = None
        held, place = False, 0
        while place < len(self._backlog):
            file = self._backlog[place]
            if held and file.action.kind not in CONSENT:
                place += 1
                continue
            found = self._take(spool, file, taken, looks_whole, before)
            if isinstance(found, Claim):
                del self._backlog[place]
                self._flood_left -= 1
                return found
            if found.seconds is not None:
                soon = min(found.seconds, soon or found.seconds)
            if found.why != "changed" and not held:
                self._set_waiting(file, found, behind=len(self._backlog) - place - 1)
            if found.why == "quiet":
                # It keeps its place, so that it comes before the later ones if they are looked at again first.
                held = held or bool(file.identity.size)
                place += 1
            else:
                # The others keep their places: the next scan gives this file its own.
                del self._backlog[place]
        return soon

    def _take(
        self,
        spool: Spool,
        file: Incoming,
        taken: Callable[[Action, bytes], bool],
        looks_whole: Callable[[int, FileIdentity], bool],
        before: Callable[[Incoming], None],
    ) -> Claim | _NotYet:
        """Claim the file if its upload is over."""
        seen = spool.look(file)
        if seen != file.identity:
            return _NotYet("changed", CHANGED_SECONDS if seen else None)
        wait = self._wait(spool, file, looks_whole)
        if wait is not None and wait > 0:
            return _NotYet("quiet", wait)
        if wait is not None:
            before(file)
            claimed = spool.claim(file, taken, self._clocks.deposited(file))
            if claimed is not None:
                return Claim(file, claimed)
            self._clocks.restart(file, monotonic=self._clock.monotonic())
        return _NotYet("written", RECHECK_SECONDS)

    def _set_waiting(self, file: Incoming, found: _NotYet, *, behind: int) -> None:
        """Publish what the queue waits for. Of several files the last call names the one that holds back others."""
        settling = self._clocks.quiet(file, monotonic=self._clock.monotonic()) < self._settle
        why: Literal["written", "settling", "grace"] = "settling" if settling else "grace"
        self.waiting = Waiting(
            file.action.name,
            printable(file.name),
            "written" if found.why == "written" else why,
            None if found.why == "written" else self._clock.now() + timedelta(seconds=found.seconds or 0.0),
            behind,
        )

    def _scan(self, spool: Spool) -> None:
        started = self._clock.monotonic()
        found = spool.incoming()
        ended = self._clock.monotonic()
        self._clocks.observe(found, monotonic=ended, wall=self._clock.wall())
        self._backlog = deque(sorted(found, key=lambda file: (self._clocks.deposited(file), file.place)))
        # Half of a flood's oldest files pay for a scan: the queue must not run empty because scans are slow.
        self._flood_left = len(found) // 2 if spool.cut_off else -1
        pause = SCAN_SHARE * (ended - started)
        self._fresh_until = ended + max(self._rescan, pause)
        self._rest_until = ended + (pause if ended - started > CROWDED_SECONDS else 0.0)

    def _wait(
        self, spool: Spool, file: Incoming, looks_whole: Callable[[int, FileIdentity], bool]
    ) -> float | None:
        """Seconds until the file may be claimed; None while somebody is writing it."""
        now = self._clock.monotonic()
        quiet = self._clocks.quiet(file, monotonic=now)
        if not file.identity.is_plain:
            return self._settle - quiet
        if quiet >= max(self._settle, self._grace):
            return 0.0
        found = spool.probe(file, looks_whole)
        if found is Probe.WRITTEN:
            self._clocks.restart(file, monotonic=now)
            return None
        if found is Probe.GONE:
            # The claim finds out why.
            return 0.0
        if quiet < self._settle:
            return self._settle - quiet
        # A confirmation is empty on purpose.
        whole = found is Probe.WHOLE or is_confirmation(file.name)
        return 0.0 if whole else max(self._grace - quiet, 0.0)
