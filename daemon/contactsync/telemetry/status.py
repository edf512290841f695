"""What the daemon works on, and what it waits for. For systemd, `/healthz`, the heartbeat and `status`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an account cannot continue at the moment; the daemon tries again."""

    account: str
    # A sentence without any value of a file.
    reason: str
    # When the first of the failures happened.
    since: datetime
    # Failures in a row.
    failures: int
    is_bug: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """The upload that an account's queue waits for; `file` is its printable name."""

    action: str
    file: str
    why: Literal["written", "settling", "grace"]
    # When it is claimed if it does not change; None while somebody writes it.
    until: datetime | None
    # How many uploads come after it.
    behind: int

    def as_mapping(self) -> Mapping[str, Any]:
        """Everything, ready for JSON; the time to the second, so that it only changes if the upload does."""
        until = self.until.isoformat(timespec="seconds") if self.until else None
        return {
            "action": self.action,
            "file": self.file,
            "why": self.why,
            "until": until,
            "behind": self.behind,
        }

    @classmethod
    def from_mapping(cls, found: Mapping[str, Any]) -> Waiting:
        """The opposite of `as_mapping`. Raises KeyError, TypeError or ValueError if another version wrote it."""
        return cls(**{**found, "until": _time(found["until"])})

    def sentence(self, now: datetime) -> str:
        """What has to happen before it is claimed."""
        where = f"{self.action}/in/{self.file}"
        if self.until is None:
            return f"{where} is being written"
        seconds = max(0, round((self.until - now).total_seconds()))
        if self.why == "settling":
            return f"{where} must be quiet for {seconds} s more"
        return f"{where} looks incomplete; will be processed in {seconds} s"


@dataclass(frozen=True, slots=True)
class Progress:
    """A deposit in progress, and how far it is; `file` is its printable claimed name, times are UTC."""

    action: str
    file: str
    size_bytes: int
    # Rows are counted while it is read. The database then merges all of them at once.
    stage: Literal["reading", "merging"]
    since: datetime
    stage_since: datetime
    # Of the rows of the file, how many were read and validated so far.
    rows: int = 0
    # When this was written down, to the second: the rate is measured between `since` and this.
    counted_at: datetime | None = None

    def as_mapping(self) -> Mapping[str, Any]:
        """Everything, ready for JSON."""
        return asdict(self, dict_factory=_plain)

    @classmethod
    def from_mapping(cls, found: Mapping[str, Any]) -> Progress:
        """The opposite of `as_mapping`. Raises KeyError, TypeError or ValueError if another version wrote it."""
        times = ("since", "stage_since", "counted_at")
        return cls(**{**found, **{key: _time(found[key]) for key in times}})

    @property
    def rows_per_second(self) -> int | None:
        """How fast it is read; None before the first rows."""
        seconds = (self.counted_at - self.since).total_seconds() if self.counted_at else 0.0
        return round(self.rows / seconds) if self.rows and seconds > 0 else None

    def sentence(self, now: datetime) -> str:
        """What is done with it, how far it is and for how long."""
        seconds = max(0, round((now - self.since).total_seconds()))
        rate = f" at {self.rows_per_second:,} rows/s" if self.rows_per_second else ""
        done = f"{self.rows:,} rows read{rate}"
        if self.stage == "merging":
            merging = max(0, round((now - self.stage_since).total_seconds()))
            done += f"; the database has been merging them for {merging} s"
        return f"{self.action}/on/{self.file} has been in progress for {seconds} s: {done}"


@dataclass(frozen=True, slots=True)
class LowDisk:
    """A file system on which nothing is claimed, because it has less free space than required."""

    # Where it is mounted.
    path: str
    required_bytes: int
    since: datetime


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """The daemon at one moment; times are UTC."""

    as_of: datetime
    # The reason, None while the database is reachable.
    database_away: str | None
    database_away_since: datetime | None
    accounts: int
    # Accounts that wait for a free worker, the next one first.
    queued: tuple[str, ...]
    # Accounts with a deposit in progress.
    running: tuple[str, ...]
    # Accounts that come again at a set time, because an upload must become quiet or a trouble end.
    pausing: int
    # The longest first.
    troubles: tuple[Trouble, ...]
    longest_step_seconds: float = 0.0
    # Worker threads that should run and do not: a bug.
    workers_ended: int = 0
    # By account.
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    low_disks: tuple[LowDisk, ...] = ()
    # Of the accounts in `running` that have claimed a deposit.
    progress: Mapping[str, Progress] = field(default_factory=dict)

    @property
    def is_well(self) -> bool:
        """Whether the daemon waits for uploaders only."""
        return self.database_away is None and not self.troubles and not self.low_disks

    @property
    def low_disk(self) -> str | None:
        """A sentence about the file systems without room, None if there is none."""
        if not self.low_disks:
            return None
        paths = ", ".join(each.path for each in self.low_disks)
        needed = max(each.required_bytes for each in self.low_disks) >> 20
        return f"too little free space on {paths}: free {needed} MiB or more"

    @property
    def summary(self) -> str:
        """One line for people: `STATUS=` of sd_notify(3), and the head of `status`."""
        work = f"{len(self.running)} in progress, {len(self.queued)} queued, {self.pausing} pausing"
        if self.database_away is not None:
            return f"waiting for the database ({self.database_away}); {work}"
        if self.low_disk is not None:
            return f"claims nothing: {self.low_disk}; {work}"
        if self.troubles:
            first = self.troubles[0]
            others = f" and {len(self.troubles) - 1} more" if len(self.troubles) > 1 else ""
            return f"{first.account} waits: {first.reason}{others}; {work}"
        return f"{self.accounts} accounts; {work}"

    def as_mapping(self) -> Mapping[str, Any]:
        """Everything and the summary, ready for JSON; times in ISO 8601."""
        plain = asdict(replace(self, waiting={}, progress={}), dict_factory=_plain)
        # Without asdict: there may be thousands of them, every second.
        waiting = {account: found.as_mapping() for account, found in self.waiting.items()}
        progress = {account: found.as_mapping() for account, found in self.progress.items()}
        return {**plain, "waiting": waiting, "progress": progress, "summary": self.summary}

    def as_counts(self) -> Mapping[str, Any]:
        """What anybody may know, ready for JSON: how many, and no name."""
        return {
            "as_of": self.as_of.isoformat(),
            "accounts": self.accounts,
            "accounts_queued": len(self.queued),
            "accounts_in_work": len(self.running),
            "accounts_in_trouble": len(self.troubles),
            "pausing": self.pausing,
            "longest_step_seconds": self.longest_step_seconds,
            "workers_ended": self.workers_ended,
        }

    @classmethod
    def from_mapping(cls, found: Mapping[str, Any]) -> DaemonStatus:
        """The opposite of `as_mapping`; ignores keys that it does not know.

        Raises KeyError, TypeError or ValueError if another version wrote it.
        """
        known = {each.name: found[each.name] for each in fields(cls)}
        low_disks = (LowDisk(**{**each, "since": _time(each["since"])}) for each in known["low_disks"])
        troubles = (Trouble(**{**each, "since": _time(each["since"])}) for each in known["troubles"])
        return cls(
            **{
                **known,
                "as_of": _time(known["as_of"]),
                "database_away_since": _time(known["database_away_since"]),
                "queued": tuple(known["queued"]),
                "running": tuple(known["running"]),
                "troubles": tuple(troubles),
                "low_disks": tuple(low_disks),
                "waiting": {name: Waiting.from_mapping(each) for name, each in known["waiting"].items()},
                "progress": {name: Progress.from_mapping(each) for name, each in known["progress"].items()},
            }
        )


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in pairs}


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
