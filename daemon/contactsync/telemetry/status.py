"""How the daemon is: what it works on, what waits, and what is being waited for. For systemd, metrics and `status`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an account's deposits cannot go on just now; they are tried again by themselves."""

    account: str
    reason: str  # a sentence without any value of a file
    since: datetime
    failures: int  # in a row
    is_bug: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """The upload that an account's line waits for just now, by its name for people."""

    action: str
    file: str
    why: Literal["written", "settling", "grace"]
    until: datetime | None  # when it is taken, if nothing happens to it; None while somebody writes it
    behind: int  # uploads that come after it

    def as_mapping(self) -> Mapping[str, Any]:
        """All of it as JSON takes it; the time to the second, so that it stays the same while nothing happens."""
        until = self.until.isoformat(timespec="seconds") if self.until else None
        return {
            "action": self.action,
            "file": self.file,
            "why": self.why,
            "until": until,
            "behind": self.behind,
        }

    def sentence(self, now: datetime) -> str:
        """What must happen before it is taken."""
        where = f"{self.action}/in/{self.file}"
        if self.until is None:
            return f"{where} is being written"
        seconds = max(0, round((self.until - now).total_seconds()))
        if self.why == "settling":
            return f"{where} must be quiet for {seconds} s more"
        return f"{where} does not look whole, is taken in {seconds} s"


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """The daemon at one moment; times are UTC."""

    as_of: datetime
    database_away: str | None  # the reason, None while it answers
    database_away_since: datetime | None
    accounts: int
    queued: tuple[str, ...]  # accounts whose turn comes when a worker is free, the next one first
    running: tuple[str, ...]  # accounts with a deposit in work
    pausing: int  # accounts to which the daemon comes again at a set time: an upload must become quiet, or a trouble end
    troubles: tuple[Trouble, ...]  # longest first
    longest_step_seconds: float = 0.0  # of what is in work now
    workers_ended: int = 0  # threads that should run and do not: a bug
    waiting: Mapping[str, Waiting] = field(default_factory=dict)  # by account

    @property
    def is_well(self) -> bool:
        """Whether nothing is being waited for but uploaders."""
        return self.database_away is None and not self.troubles

    @property
    def summary(self) -> str:
        """One line for a human: `STATUS=` of sd_notify(3), the head of `status`."""
        work = f"{len(self.running)} in work, {len(self.queued)} queued, {self.pausing} pausing"
        if self.database_away is not None:
            return f"waiting for the database ({self.database_away}); {work}"
        if self.troubles:
            first = self.troubles[0]
            others = f" and {len(self.troubles) - 1} more" if len(self.troubles) > 1 else ""
            return f"{first.account} waits: {first.reason}{others}; {work}"
        return f"{self.accounts} accounts; {work}"

    def as_mapping(self) -> Mapping[str, Any]:
        """All of it as JSON takes it, times as ISO 8601."""
        plain = asdict(replace(self, waiting={}), dict_factory=_plain)
        # By hand: there may be thousands of them, each second.
        waiting = {account: found.as_mapping() for account, found in self.waiting.items()}
        return {**plain, "waiting": waiting, "summary": self.summary}


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in pairs}
