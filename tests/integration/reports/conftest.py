"""One account with reports, and the publisher's log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog

from contactsync.reports import nightly, publisher
from tests.integration.reports.nightly import Run
from tests.integration.reports.nights import Nights
from tests.integration.reports.platform import Platform
from tests.integration.reports.site import Site
from tests.roles import as_daemon


@pytest.fixture
def site(tmp_path: Path, database_url: str, conn: psycopg.Connection[Any]) -> Site:
    """The account `acme`."""
    return Site(tmp_path / "ftp", as_daemon(database_url), conn)


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What the publisher logs, also from its own thread."""
    before = structlog.get_config()
    log: list[dict[str, Any]] = []

    def keep(_logger: object, _method: str, event: dict[str, Any]) -> str:
        log.append(event)
        raise structlog.DropEvent

    structlog.configure(processors=[keep], cache_logger_on_first_use=False)
    for module in (publisher, nightly):
        module.log = structlog.get_logger()
    yield log
    structlog.configure(**before)
    for module in (publisher, nightly):
        module.log = structlog.get_logger()


@pytest.fixture
def run(site: Site) -> Iterator[Run]:
    """Starts publishers on the site's account; all are stopped at the end."""
    found = Run(site)
    yield found
    found.stop()


@pytest.fixture
def platform(conn: psycopg.Connection[Any]) -> Platform:
    """The sending platform of one account."""
    return Platform(conn)


@pytest.fixture
def nights(site: Site) -> Iterator[Callable[[str], Nights]]:
    """Starts a publisher at a time of day."""
    made: list[Nights] = []

    def begin(text: str) -> Nights:
        made.append(Nights(site, text))
        return made[-1]

    yield begin
    for each in made:
        each.publisher._session.close()
