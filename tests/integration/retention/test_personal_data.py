"""Old reactions, events of consent and idle contacts: what is removed, and above all what is kept."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from contactsync.domain.errors import AccountBusy
from contactsync.retention import personal_data
from contactsync.retention.swept import START, Swept

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Site

DAYS = 100
DELETES: list[tuple[str, Callable[[Swept], int], personal_data.Sweep]] = [
    ("reactions", lambda swept: swept.reactions, personal_data.remove_reactions),
    ("consent", lambda swept: swept.consent_events, personal_data.remove_consent_events),
    ("contacts", lambda swept: swept.contacts, personal_data.remove_idle_contacts),
]


def swept(site: Site, remove: personal_data.Sweep) -> Swept:
    """All batches together."""
    total, cursor = Swept(), START
    while cursor is not None:
        batch = remove(site.daemon, site.account, DAYS, cursor)
        total, cursor = total + batch, batch.cursor
    return total


def react(site: Site, email: str, *, days: int, kind: str = "clicked") -> None:
    """Record a reaction of so many days ago in the one campaign."""
    site.conn.execute(
        "INSERT INTO contactsync.campaign (account_id, campaign_id, name, media)"
        " SELECT account_id, 1, 'spring', '{EMAIL}' FROM contactsync.account ON CONFLICT DO NOTHING"
    )
    site.conn.execute(
        "SELECT contactsync.record_reaction(account_id, 1, contact_id, 'EMAIL', %s, now() - make_interval(days => %s))"
        " FROM contactsync.contact WHERE email = %s",
        (kind, days, email),
    )


def age(site: Site, days: int, *emails: str) -> None:
    """Date the last change of these contacts back, and every deposit."""
    site.conn.execute(
        "UPDATE contactsync.contact SET updated_at = now() - make_interval(days => %s) WHERE email = ANY(%s)",
        (days, list(emails)),
    )
    site.conn.execute(
        "UPDATE contactsync.deposit SET finished_at = now() - make_interval(days => %s)", (days,)
    )


def emails(site: Site) -> list[str]:
    return [email for (email,) in site.contacts("email")]


def people(*names: str) -> str:
    return "Email\n" + "".join(f"{name}@example.org\n" for name in names)


def test_old_reactions_are_removed_and_young_ones_kept(site: Site) -> None:
    """Campaigns stay: their names are no personal data."""
    site.apply(people("a"))
    for days in (DAYS + 1, DAYS + 2, DAYS - 1):
        react(site, "a@example.org", days=days)
    assert swept(site, personal_data.remove_reactions).reactions == 2
    assert site.rows("SELECT occurred_at > now() - interval '100 days' FROM contactsync.reaction") == [
        (True,)
    ]
    assert len(site.rows("SELECT FROM contactsync.campaign")) == 1


def test_old_consent_goes_but_the_proof_of_a_current_opt_out_stays(site: Site) -> None:
    """An address that opted in again leaves no trace; one that is opted out keeps its event, however old."""
    for action, content in (
        ("optoutEMAIL", people("gone", "back")),
        ("optinEMAIL", people("back")),
    ):
        site.apply(content, "x.csv", action)
    site.conn.execute(
        "UPDATE contactsync.opt_out SET since = since - interval '101 days', latest = latest - interval '101 days'"
    )
    site.conn.execute("UPDATE contactsync.consent_event SET occurred_at = occurred_at - interval '101 days'")
    site.apply(people("young"), "y.csv", "optoutEMAIL")
    assert swept(site, personal_data.remove_consent_events).consent_events == 2
    assert site.rows("SELECT kind, address FROM contactsync.consent_event ORDER BY address") == [
        ("optout", "gone@example.org"),
        ("optout", "young@example.org"),
    ]
    assert len(site.rows("SELECT FROM contactsync.opt_out")) == 2


def test_an_idle_contact_goes_with_its_memberships_and_keeps_its_opt_out(site: Site) -> None:
    site.apply(people("idle", "busy"))
    site.apply(people("idle"), "stop.csv", "optoutEMAIL")
    age(site, DAYS + 1, "idle@example.org", "busy@example.org")
    site.conn.execute("UPDATE contactsync.contact SET updated_at = now() WHERE email = 'busy@example.org'")
    assert swept(site, personal_data.remove_idle_contacts).contacts == 1
    assert emails(site) == ["busy@example.org"]
    assert site.members("list") == [["busy@example.org"]]
    assert len(site.rows("SELECT FROM contactsync.list_member")) == 1
    assert site.rows("SELECT address FROM contactsync.opt_out") == [("idle@example.org",)]


def test_a_contact_that_reacted_is_not_idle(site: Site) -> None:
    """Opening a mail is not enough: programs do it too."""
    site.apply(people("old", "reacts", "young"))
    age(site, DAYS + 1, "old@example.org", "reacts@example.org")
    react(site, "old@example.org", days=DAYS + 1)
    react(site, "old@example.org", days=1, kind="opened")
    react(site, "reacts@example.org", days=DAYS - 1)
    assert swept(site, personal_data.remove_idle_contacts).contacts == 1
    assert emails(site) == ["reacts@example.org", "young@example.org"]


def test_a_member_of_a_list_in_use_is_not_idle(site: Site) -> None:
    """A nightly file changes nothing of a contact that it names: only the deposit shows that it is still wanted."""
    site.apply(people("unused"), "old.csv")
    site.apply(people("nightly"), "nightly.csv")
    age(site, DAYS + 1, "unused@example.org", "nightly@example.org")
    site.conn.execute("UPDATE contactsync.deposit SET finished_at = now() WHERE name = 'nightly.csv'")
    assert swept(site, personal_data.remove_idle_contacts).contacts == 1
    assert emails(site) == ["nightly@example.org"]


def test_a_refused_deposit_uses_no_list(site: Site) -> None:
    site.apply(people("idle"), "a.csv")
    age(site, DAYS + 1, "idle@example.org")
    site.conn.execute("UPDATE contactsync.deposit SET finished_at = now(), state = 'ko'")
    assert swept(site, personal_data.remove_idle_contacts).contacts == 1


def test_contacts_wait_while_a_merge_holds_the_account(site: Site) -> None:
    """The batch gives way at once, and the sweeper tries again."""
    with psycopg.connect(site.owner_url) as other:
        other.execute("SELECT FROM contactsync.account FOR UPDATE")
        with pytest.raises(AccountBusy):
            personal_data.remove_idle_contacts(site.daemon, site.account, DAYS, START)
    assert personal_data.remove_idle_contacts(site.daemon, site.account, DAYS, START) == Swept()


@pytest.mark.parametrize(("what", "counted", "remove"), DELETES, ids=[what for what, *_ in DELETES])
def test_batches_follow_each_other(
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    counted: Callable[[Swept], int],
    remove: personal_data.Sweep,
) -> None:
    """Every old row goes, also past those that stay; a second round finds nothing. Other accounts are untouched."""
    monkeypatch.setattr(personal_data, "BATCH", 2)
    names = [f"p{number}" for number in range(7)]
    site.apply(people(*names))
    for name in names:
        react(site, f"{name}@example.org", days=DAYS + 1, kind="optout")
    site.conn.execute("UPDATE contactsync.opt_out SET since = now()")
    age(site, DAYS + 1, *(f"{name}@example.org" for name in names))
    site.conn.execute("INSERT INTO contactsync.account (name) VALUES ('other')")
    for table in ("campaign", "reaction", "consent_event", "contact"):
        copy_to_other(site, table)
    assert counted(swept(site, remove)) == len(names)
    assert swept(site, remove) == Swept()
    table = {"reactions": "reaction", "consent": "consent_event", "contacts": "contact"}[what]
    assert site.rows(f"SELECT count(*), count(DISTINCT account_id) FROM contactsync.{table}") == [(7, 1)]


def copy_to_other(site: Site, table: str) -> None:
    """Give the account `other` the same rows."""
    columns = site.rows(
        "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " AND NOT attisdropped AND attname <> 'account_id'",
        f"contactsync.{table}",
    )[0][0]
    site.conn.execute(
        f"INSERT INTO contactsync.{table} (account_id, {columns})"  # type: ignore[arg-type]  # our own names
        f" SELECT (SELECT account_id FROM contactsync.account WHERE name = 'other'), {columns} FROM contactsync.{table}"
    )


def test_a_clock_that_is_ahead_removes_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database's clock and the host's must both find the data old."""
    site.apply(people("a"))
    react(site, "a@example.org", days=1, kind="optout")
    site.conn.execute("DELETE FROM contactsync.opt_out")

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime(2999, 1, 1, tzinfo=tz)

    monkeypatch.setattr(personal_data, "datetime", Ahead)
    for _, counted, remove in DELETES:
        assert counted(swept(site, remove)) == 0
