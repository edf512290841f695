"""Publishers that run in their own threads, and what tests wait for."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contactsync.reports import days as calendar
from contactsync.reports.publisher import Publisher
from tests.integration.reports.site import Site

PARIS = ZoneInfo("Europe/Paris")
DEADLINE = 60.0
"""Seconds after which what is awaited will not come."""


class Run:
    """Starts publishers on a site's account. A day is due as soon as it has ended."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._started: list[Publisher] = []

    def __call__(self, **settings: Any) -> Publisher:
        found = self.prepare(**settings)
        found.update([self._site.account])
        found.start()
        return found

    def prepare(self, **settings: Any) -> Publisher:
        """A publisher without accounts, not started yet."""
        chosen = self._site.settings.model_copy(update={"report_delay_seconds": 0.0} | settings)
        self._started.append(Publisher(chosen, self._site.url, self._site.pins))
        return self._started[-1]

    def stop(self) -> None:
        for each in self._started:
            assert each.stop(DEADLINE)


def today() -> date:
    return calendar.today(datetime.now(UTC), PARIS)


def ago(days: int) -> date:
    return today() - timedelta(days=days)


def days(site: Site) -> list[str]:
    """The days that are visible in `reporting/`."""
    return sorted(name for name in os.listdir(site.reporting) if not name.startswith("."))
