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
    known_by = given
    for contact in contacts:
        data = contact["data"]
        known_by |= Identifiers(
            frozenset(filter(None, [data.get("email")])),
            frozenset(filter(None, [data.get("phone"), data.get("mobile")])),
            frozenset(filter(None, [data.get("reference")])),
        )
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


def _rows(
    conn: Connection, name: str, account: Account, person: Identifiers, contact_ids: Sequence[int] = ()
) -> Rows:
    what = {
        "account_id": account.account_id,
        "emails": sorted(person.emails),
        "numbers": sorted(person.numbers),
        "references": sorted(person.references),
        "addresses": sorted(person.emails | person.numbers),
        "contact_ids": list(contact_ids),
    }
    return conn.execute(statements.get(name), what).fetchall()
