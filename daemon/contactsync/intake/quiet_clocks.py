"""How long each upload has been quiet, and when it was deposited, whatever happens to the host's clock. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from contactsync.domain.deposit import FileIdentity, Incoming


@dataclass(frozen=True, slots=True)
class _Known:
    """A file as it was seen: quiet since `since` (s, monotonic clock), deposited at `deposited` (ns since 1970)."""

    identity: FileIdentity
    since: float
    deposited: int


class QuietClocks:
    """A quiet clock per file. It runs on the monotonic clock and restarts when the file's identity changes."""

    def __init__(self) -> None:
        """Start without any file."""
        self._known: dict[tuple[str, bytes], _Known] = {}
        self._last_scan = float("-inf")

    def observe(self, found: list[Incoming], *, monotonic: float, wall: float) -> None:
        """Record a complete scan, which ended at these times (s).

        A file that is new or has changed has been quiet since its ctime, if that is past, but not since before the
        last scan, which did not see it like this. So a clock that was set cannot make a file look quiet.

        The deposit date is the ctime. If that is ahead of the clock, it is the time at which the file was first seen
        like this. Otherwise a file deposited before the clock was set back would come after everything that is
        deposited until the clock catches up.
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
        """When the file was deposited (ns since 1970): never later than any time at which it was seen."""
        return self._known[file.action.name, file.name].deposited

    def restart(self, file: Incoming, *, monotonic: float) -> None:
        """Count again from now, because somebody is writing the file."""
        key = (file.action.name, file.name)
        self._known[key] = replace(self._known[key], identity=file.identity, since=monotonic)
