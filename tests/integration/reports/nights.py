"""A publisher whose clock the test sets, and whose checks it runs one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from contactsync.reports.publisher import LOOK_SECONDS, Publisher
from contactsync.runtime.clock import Clock
from contactsync.spool.home_pins import HomePins
from contactsync.telemetry.metrics import Metrics
from tests.integration.reports.site import DAY, Site


class Times:
    """A wall clock that the test sets, and a monotonic clock that advances with it."""

    def __init__(self, text: str) -> None:
        self.monotonic = 1000.0
        self.set(text)

    def set(self, text: str) -> None:
        self.now = datetime.fromisoformat(text).astimezone(UTC)

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.monotonic += seconds

    def wall(self) -> float:
        return self.now.timestamp()

    def clock(self) -> Clock:
        return Clock(self.wall, lambda: self.monotonic)


class Nights:
    """A publisher whose checks the test runs one by one."""

    def __init__(self, site: Site, text: str, root: Path | None = None) -> None:
        """With `root`, the host has folders of its own."""
        self.site, self.times, self.root = site, Times(text), root or site.root
        self.lines: list[dict[str, Any]] = []
        self.metrics = Metrics()
        self.restart()

    def restart(self) -> None:
        settings = self.site.settings.model_copy(update={"ftp_root": self.root})
        pins = HomePins(self.root, self.root / ".data")
        clock = self.times.clock()
        self.publisher = Publisher(settings, self.site.url, pins, self.metrics, clock)
        self.publisher.update([self.site.account])

    def look(self) -> float:
        """Check once; returns the seconds until the next check."""
        (turn,) = self.publisher._turns.values()
        with structlog.testing.capture_logs() as lines:
            wait = self.publisher._attend(turn)
        self.lines += [dict(line) for line in lines]
        return wait

    def until(self, text: str) -> None:
        """Check, wait as long as the check returned, and so on."""
        end = datetime.fromisoformat(text).astimezone(UTC)
        while self.times.now < end:
            self.times.advance(max(self.look(), 0.001))
        self.look()

    def hurry(self, text: str) -> None:
        """As `until`, but check every half hour only, and when the next day is due."""
        end = datetime.fromisoformat(text).astimezone(UTC)
        while self.times.now < end:
            wait = self.look()
            self.times.advance(1800 if wait == LOOK_SECONDS else max(wait, 0.001))
        self.look()

    def published(self) -> list[str]:
        return [line["day"] for line in self.lines if line["event"] == "report.published"]

    def causes(self) -> list[tuple[str, str]]:
        """The days that were published, each with the cause."""
        return [(line["day"], line["cause"]) for line in self.lines if line["event"] == "report.published"]

    def opened(self, day: date = DAY) -> int:
        """How many contacts the day's report lists as having opened."""
        return len(self.site.rows("EMAIL_opened", f"{day}_Daily.zip", day))


def react(site: Site, at: str) -> None:
    """A new contact opens campaign 1."""
    number = len(site.conn.execute("SELECT FROM contactsync.contact").fetchall())
    site.react(1, site.contact(email=f"p{number}@example.com"), "EMAIL", "opened", at)
