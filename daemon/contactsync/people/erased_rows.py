"""Erases a person from the tables of one account, in one transaction; opt-outs stay (protocol 9)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from contactsync.database import statements
from contactsync.database.connection import Connection
from contactsync.domain.account import Account
from contactsync.people import records
from contactsync.people.records import Rows
from contactsync.reading.occurrences import Identifiers


@dataclass(frozen=True, slots=True)
class ErasedRows:
    """How many rows were erased, and the opt-outs that were kept (`medium`, `address`, `origin`, `since`, `latest`)."""

    contacts: int
    memberships: int
    reactions: int
    consent_events: int
    kept: Rows

    @property
    def is_nothing(self) -> bool:
        """Whether no row was erased."""
        return not (self.contacts or self.memberships or self.reactions or self.consent_events)


def find(conn: Connection, account: Account, given: Identifiers) -> tuple[Identifiers, ErasedRows]:
    """What the person is known by in this account alone, and what `erase` would erase."""
    held = records.held(conn, account, given)
    person = records.exclusive(conn, held, given)
    held = records.of(conn, account, held.contacts, person)
    return person, ErasedRows(
        len(held.contacts), len(held.lists), len(held.reactions), len(held.consent), held.opt_outs
    )


def erase(conn: Connection, account: Account, person: Identifiers) -> ErasedRows:
    """Erase the rows of the person, and record that somebody was erased; may be repeated.

    Under the account's lock: a merge in progress ends first, and its rows are erased too.
    """
    with conn.transaction():
        conn.execute(statements.get("accounts/lock"), {"account_id": account.account_id})
        held = records.held(conn, account, person)
        what = records.parameters(account, person, [contact["contact_id"] for contact in held.contacts])

        def run(name: str) -> int:
            return conn.execute(statements.get(f"people/{name}"), what).rowcount

        memberships = run("erase_members")
        # What `undo` would bring back.
        run("erase_contacts_before")
        run("erase_opt_outs_before")
        erased = ErasedRows(
            contacts=run("erase_contacts"),
            memberships=memberships,
            reactions=run("erase_reactions"),
            consent_events=run("erase_consent"),
            kept=records.of(conn, account, (), person).opt_outs,
        )
        if not erased.is_nothing:
            counts = {
                key: value for key, value in asdict(erased).items() if key not in ("kept", "memberships")
            }
            entry = {**counts, "opt_outs_kept": len(erased.kept), "now": datetime.now(UTC)}
            conn.execute(statements.get("people/record_erasure"), {**what, **entry})
    return erased
