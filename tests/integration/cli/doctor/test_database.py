"""`doctor` on the database: unreachable, old, read-only, or with another clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from psycopg.conninfo import make_conninfo

from contactsync.cli.doctor import database as doctor_database
from contactsync.cli.doctor import host
from tests.integration.cli.doctor.findings import Look, bad

if TYPE_CHECKING:
    from tests.integration.conftest import Site


def test_an_unreachable_or_old_database(look: Look, server_url: str) -> None:
    """The finding names the fix, and the other checks still run."""
    found = look(database_url="postgresql://127.0.0.1:1/x")
    assert "is unreachable" in bad(found, "database")[0].message
    assert any(each.check == "space" for each in found)
    (old,) = bad(look(database_url=make_conninfo(server_url, dbname="template1")), "database")
    assert (old.level, old.fix) == ("error", "contactsync migrate")


def test_a_read_only_database(look: Look, site: Site) -> None:
    """A standby after a failover does not accept writes."""
    (finding,) = bad(
        look(database_url=make_conninfo(site.url, options="-c default_transaction_read_only=on")), "database"
    )
    assert finding.level == "error"
    assert "does not accept writes" in finding.message


@pytest.mark.parametrize(("seconds", "level"), [(-5.0, "warning"), (90.0, "error")])
def test_clocks_that_differ(look: Look, monkeypatch: pytest.MonkeyPatch, seconds: float, level: str) -> None:
    """This host's clock is compared with the database's and with the file system's."""
    import time

    class Skewed:
        @staticmethod
        def time() -> float:
            return time.time() - seconds

    monkeypatch.setattr(doctor_database, "time", Skewed)
    monkeypatch.setattr(host, "time", Skewed)
    database, files = bad(look(), "clock")
    assert database.level == level
    assert ("ahead" if seconds > 0 else "behind") in database.message
    assert files.level == "warning"
