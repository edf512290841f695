"""Processes a history of consent by the program and by the model side by side, without folders."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import psycopg

from contactsync.database import ledger, retries
from contactsync.domain.deposit import ACTIONS, Action, Claimed, Mode
from tests.model.histories import Event, File, React
from tests.model.model import Model
from tests.model.reactions import NoAddressError, Platform, Reaction
from tests.model.values import AccountRules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from contactsync.domain.account import Account
    from contactsync.spool.spool import Spool
    from tests.integration.conftest import Site

START = datetime(2025, 11, 25, 12, tzinfo=UTC)
TRACES = {
    "opt_out": "medium, address, since, latest",
    "consent_event": "event_id, medium, address, kind, origin, occurred_at, recorded_at",
    "reaction": "reaction_id, campaign_id, contact_id, medium, kind, occurred_at, email, mobile",
}


@dataclass
class Shelf:
    """The folders of an account, reduced to one file, which is read and settled."""

    path: Path

    @contextmanager
    def reading(self, _action: Action, _name: bytes) -> Iterator[Path]:
        yield self.path

    def drop_rejected(self, _action: Action, _name: bytes) -> None: ...

    def create_rejected(self, _action: Action, _name: bytes) -> BinaryIO:
        return io.BytesIO()

    def settle(self, *_: object, opened: bool) -> None: ...


@dataclass
class Desk:
    """One empty account, and the model of it. `requests` are (medium, address, date, kind) of all that took effect."""

    site: Site
    account: Account
    shelf: Shelf
    model: Model = field(default_factory=Model)
    requests: list[tuple[str, str, float, str]] = field(default_factory=list)
    recorded: dict[int, Reaction] = field(default_factory=dict)
    deposits: dict[int, int] = field(default_factory=dict)
    ids: dict[int, int] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    first: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.owner = self.model.add_account(AccountRules("acme", dedup="reference"))
        self.platform = Platform(self.model, "acme")
        account = self.account.account_id
        tables = (*TRACES, "campaign", "list_member", "contact_list", "contact", "deposit")
        self.site.conn.execute("; ".join(f"DELETE FROM contactsync.{table}" for table in tables))
        self.site.conn.execute(
            "INSERT INTO contactsync.campaign (account_id, campaign_id, name, media)"
            " VALUES (%s, 1, 'One', '{EMAIL,SMS}'), (%s, 2, 'Two', '{EMAIL,SMS}')",
            [account, account],
        )

    def process(self, number: int, event: Event) -> None:
        """Take one event to its end in both."""
        if isinstance(event, File):
            self._file(number, event)
        elif isinstance(event, React):
            self._react(number, event)
        elif event.of in self.recorded:
            assert self.record(self.recorded[event.of]) == 0

    def traces(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that consent leaves in the database."""
        return {
            table: self.site.rows(f"SELECT {columns} FROM contactsync.{table} ORDER BY 1, 2")
            for table, columns in TRACES.items()
        }

    def record(self, reaction: Reaction) -> int:
        """Record a reaction in the database; how many are new."""
        found = {
            "campaign_id": reaction.campaign,
            "contact_id": self.ids.get(reaction.contact, 10**12 - reaction.contact),
            "medium": reaction.medium,
            "kind": reaction.kind,
            "occurred_at": (START + timedelta(seconds=reaction.at)).isoformat(),
        } | ({"address": reaction.address} if reaction.address else {})
        ((new,),) = self.site.rows(
            "SELECT contactsync.record_reactions(%s, %s)", self.account.account_id, json.dumps([found])
        )
        return int(new)

    def _file(self, number: int, event: File) -> None:
        content = event.content.encode()
        self.shelf.path.write_bytes(content)
        if event.retry_of is not None:
            deposit = self.deposits[event.retry_of]
            assert retries.set_retried(self.site.daemon, self.account, deposit, START)
        action = ACTIONS[event.action]
        # A retry is claimed long after its original.
        dated = START + timedelta(seconds=event.at, days=30 if event.retry_of is not None else 0)
        # A chain of retries has one file name.
        self.first[number] = number if event.retry_of is None else self.first[event.retry_of]
        name = b"%d.csv" % self.first[number]
        claimed = Claimed(
            action,
            name,
            b"%d_%d_%s" % (int(dated.timestamp()), number, name),
            dated,
            len(content),
            sha256(content).hexdigest(),
            "hard_link" if event.refused else None,
            Mode.CREATE if action.kind == "import" else None,
        )
        assert self.site.pipeline.process(self.account, cast("Spool", self.shelf), claimed)
        self.deposits[number] = self._deposit_of(claimed)
        if event.refused:
            return
        self.model.deposit("acme", event.action, name, content, set(), at=event.at)
        if action.medium:
            self.requests.append((action.medium, event.content.split()[1], event.at, action.kind))
        if action.kind == "import":
            self._know(event.content.split("\n")[1].split(";")[0])

    def _deposit_of(self, claimed: Claimed) -> int:
        found = ledger.find(self.site.daemon, self.account, claimed.action, claimed.claimed_name)
        assert found
        return found.deposit_id

    def _know(self, reference: str) -> None:
        """Learn which contact of the database is which of the model."""
        key = next(key for key, each in self.owner.contacts.items() if each["reference"] == reference)
        ((contact_id,),) = self.site.rows(
            "SELECT contact_id FROM contactsync.contact WHERE reference = %s", reference
        )
        self.ids[key] = contact_id
        self.newest[reference] = key

    def _react(self, number: int, event: React) -> None:
        contact = self.newest.get(event.person, -ord(event.person))
        reaction = Reaction(event.campaign, contact, event.medium, event.kind, event.at, event.address)
        try:
            addresses = self.platform.record(reaction)
        except NoAddressError:
            try:
                self.record(reaction)
            except (psycopg.errors.ForeignKeyViolation, psycopg.errors.CheckViolation):
                return
            raise AssertionError("a reaction without a known address was accepted") from None
        assert self.record(reaction) == 1
        self.recorded[number] = reaction
        self.requests += [(event.medium, address, event.at, "optout") for address in addresses]


def differences(desk: Desk) -> list[str]:
    """Where the program's consent and contacts are not the model's."""
    site, owner = desk.site, desk.owner
    wrong = []
    outs = {(medium, address): newest for medium, address, newest in site.rows(
        "SELECT medium, address, extract(epoch FROM greatest(since, latest) - %s)::float8 FROM contactsync.opt_out", START
    )}  # fmt: skip
    if outs != owner.opt_outs:
        wrong.append(f"opt-outs: program {outs}, model {owner.opt_outs}")
    events = site.rows("SELECT medium, address, kind FROM contactsync.consent_event ORDER BY event_id")
    if events != owner.events:
        wrong.append(f"events: program {events}, model {owner.events}")
    people = site.rows("SELECT reference, email, mobile FROM contactsync.contact ORDER BY 1")
    model = sorted((each["reference"], each["email"], each["mobile"]) for each in owner.contacts.values())
    if people != model:
        wrong.append(f"contacts: program {people}, model {model}")
    wrong += _broken_trail(site, set(outs))
    return wrong


def _broken_trail(site: Site, outs: set[tuple[str, str]]) -> list[str]:
    """Where the trail, followed in order of event_id, does not lead to the addresses that are opted out."""
    state: dict[tuple[str, str], str] = {}
    wrong = []
    for medium, address, kind in site.rows(
        "SELECT medium, address, kind FROM contactsync.consent_event ORDER BY event_id"
    ):
        if state.get((medium, address), "optin") == kind:
            wrong.append(f"two events {kind} of {address} in a row")
        state[medium, address] = kind
    if {key for key, kind in state.items() if kind == "optout"} != outs:
        wrong.append(f"the trail leads to {state}, opted out are {outs}")
    return wrong


def active_against_their_will(desk: Desk) -> list[tuple[str, str]]:
    """The addresses that are active although the newest request was an opt-out."""
    newest: dict[tuple[str, str], tuple[float, str]] = {}
    for medium, address, at, kind in desk.requests:
        newest[medium, address] = max(newest.get((medium, address), (0.0, "")), (at, kind))
    outs = set(desk.site.rows("SELECT medium, address FROM contactsync.opt_out"))
    return [key for key, (_, kind) in newest.items() if kind == "optout" and key not in outs]
