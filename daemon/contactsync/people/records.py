"""What the database holds about a person, account by account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from contactsync.database import statements
from contactsync.database.connection import Connection
from contactsync.domain.account import Account
from contactsync.reading.occurrences import Identifiers

Rows: TypeAlias = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Records:
    """The rows of one account; `known_by` are the identifiers that were given and those of the contacts found."""

    account: Account
    known_by: Identifiers
    contacts: Rows
    lists: Rows
    opt_outs: Rows
    consent: Rows
    reactions: Rows

    @property
    def is_empty(self) -> bool:
        """Whether the database holds nothing."""
        return not any((self.contacts, self.lists, self.opt_outs, self.consent, self.reactions))


def held(conn: Connection, account: Account, given: Identifiers) -> Records:
    """Everything in the account's tables about the person; contacts are matched by any identifier.

    A contact's own addresses, numbers and reference then find its opt-outs, consent events and reactions.
    """
    contacts = _rows(conn, "people/contacts", account, given)
    return of(conn, account, contacts, given | _identifiers(contacts))


def of(conn: Connection, account: Account, contacts: Rows, known_by: Identifiers) -> Records:
    """These contacts, and everything else about them and about these identifiers."""
    ids = [contact["contact_id"] for contact in contacts]
    return Records(
        account,
        known_by,
        contacts,
        _rows(conn, "people/lists", account, known_by, ids),
        _rows(conn, "people/opt_outs", account, known_by),
        _rows(conn, "people/consent", account, known_by),
        _rows(conn, "people/reactions", account, known_by, ids),
    )


def exclusive(conn: Connection, records: Records, given: Identifiers) -> Identifiers:
    """What was given, and what of the contacts found no other contact of the account has, such as a shared telephone."""
    ids = {contact["contact_id"] for contact in records.contacts}
    found = records.known_by - given
    others = [
        row for row in _rows(conn, "people/contacts", records.account, found) if row["contact_id"] not in ids
    ]
    return given | (found - _identifiers(others))


def _identifiers(contacts: Rows) -> Identifiers:
    """Everything that these contacts are known by."""
    known = Identifiers()
    for contact in contacts:
        data = contact["data"]
        known |= Identifiers(
            frozenset(filter(None, [data.get("email")])),
            frozenset(filter(None, [data.get("phone"), data.get("mobile")])),
            frozenset(filter(None, [data.get("reference")])),
        )
    return known


def _rows(
    conn: Connection, name: str, account: Account, person: Identifiers, contact_ids: Sequence[int] = ()
) -> Rows:
    return conn.execute(statements.get(name), parameters(account, person, contact_ids)).fetchall()


def parameters(account: Account, person: Identifiers, contact_ids: Sequence[int] = ()) -> dict[str, Any]:
    """What the statements in `sql/people` take."""
    return {
        "account_id": account.account_id,
        "emails": sorted(person.emails),
        "numbers": sorted(person.numbers),
        "references": sorted(person.references),
        "addresses": sorted(person.emails | person.numbers),
        "contact_ids": list(contact_ids),
    }
