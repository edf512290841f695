"""Which accounts the daemon serves: read from a real database, with their homes on a real tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from contactsync.database.connection import Session
from contactsync.domain.errors import DatabaseAway
from contactsync.intake.rescan import Rescan
from contactsync.runtime import directories
from contactsync.service import roster as module
from contactsync.service.roster import Roster, SchemaRefused
from tests.conftest import Databases
from tests.integration.conftest import Site

Logged = Callable[[], list[dict[str, Any]]]


def make(site: Site, url: str | None = None) -> Roster:
    return Roster(site.root, site.pins, Session(url or site.url), Rescan(lambda name: name.startswith(b".")))


@pytest.fixture
def roster(site: Site) -> Iterator[Roster]:
    found = make(site)
    yield found
    found._session.close()


def test_accounts_are_returned_when_they_change(site: Site, roster: Roster) -> None:
    """Between two checks of the homes, an unchanged list is not returned again."""
    first = roster.refresh()
    assert first is not None
    assert [account.name for account in first] == ["acme"]
    assert roster.refresh() is None
    site.set(region="DE")
    changed = roster.refresh()
    assert changed is not None
    assert changed[0].region == "DE"
    assert roster.homes == {site.root / "acme": "acme"}
    assert roster.watched_folders() == {site.root, site.root / "acme/contacts"}
    assert roster.account_of(site.folder(box="in")) == "acme"


def test_an_account_with_the_home_of_another_is_not_served(
    site: Site, roster: Roster, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is logged once while that lasts, and again if it returns."""
    monkeypatch.setattr(module, "DEEP_SCAN_SECONDS", 0.0)
    for home in (site.root / "acme", site.root / "beta", site.root / "acme"):
        site.conn.execute("DELETE FROM contactsync.account WHERE name = 'beta'")
        site.conn.execute("INSERT INTO contactsync.account (name, home) VALUES ('beta', %s)", [str(home)])
        for _ in range(2):
            served = roster.refresh()
            assert served is not None
            assert ("beta" in {account.name for account in served}) == (home.name == "beta")
    assert [(line["event"], line["account"]) for line in logged()] == [("account.bad_home", "beta")] * 2


def test_a_replaced_home_is_not_served(site: Site, roster: Roster, logged: Logged) -> None:
    """It is logged once, until an operator allows it; the daemon notices that at once."""
    roster.refresh()
    (site.root / "acme").rename(site.root / "before")
    site.folder(box="in").mkdir(parents=True)
    for region in ("DE", "FR"):
        site.set(region=region)
        assert roster.refresh() == []
    (line,) = logged()
    assert (line["event"], line["account"]) == ("account.home_changed", "acme")
    assert line["fix"] == "contactsync init acme --accept-home"
    command = site.pins
    with directories.opened(site.root / "acme") as fd:
        command.admit(site.root / "acme", fd, replaced=True)
    command.record([site.root / "acme"])
    assert [account.name for account in roster.refresh() or []] == ["acme"]


def test_pins_that_cannot_be_stored_are_logged_once(site: Site, roster: Roster, logged: Logged) -> None:
    """The accounts are served nevertheless."""
    (site.root / ".data").write_text("a file in the place of data_dir")
    for region in ("DE", "FR"):
        site.set(region=region)
        assert [account.name for account in roster.refresh() or []] == ["acme"]
    assert [line["event"] for line in logged()] == ["homes.unsaved"]


def test_a_schema_that_does_not_fit_is_logged_once_and_waited_for(
    site: Site, databases: Databases, logged: Logged
) -> None:
    """As soon as somebody has migrated it, the accounts are served."""
    with databases() as url, psycopg.connect(url, autocommit=True) as conn:
        conn.execute("ALTER TABLE contactsync.schema_migration RENAME TO elsewhere")
        found = make(site, url)
        for _ in range(3):
            with pytest.raises(SchemaRefused):
                found.refresh()
        assert [line["event"] for line in logged()] == ["database.schema"]
        conn.execute("ALTER TABLE contactsync.elsewhere RENAME TO schema_migration")
        assert found.refresh() == []
        found._session.close()


def test_without_a_database_nothing_is_forgotten(site: Site, roster: Roster) -> None:
    """The accounts that are known stay served."""
    roster.refresh()
    roster._session = Session("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(DatabaseAway):
        roster.refresh()
    assert roster.homes == {site.root / "acme": "acme"}


def test_a_rescan_names_the_idle_accounts_that_need_work(
    site: Site, roster: Roster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upload is found without an event; only a deep scan reads `on/`."""
    roster.refresh()
    assert roster.rescan({"acme"}) == []
    site.drop("Email\na@example.org\n")
    assert roster.rescan(set()) == []
    assert roster.rescan({"acme"}) == ["acme"]
    (site.folder(box="in") / "list.csv").rename(site.folder(box="on") / "1_list.csv")
    assert roster.rescan({"acme"}) == []
    monkeypatch.setattr(roster, "_deep_scan_due", 0.0)
    assert roster.rescan({"acme"}) == ["acme"]
