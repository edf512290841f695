"""What the sending platform records about an account, in plain Python (protocol 6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .values import MEDIUM_MEANS

if TYPE_CHECKING:
    from .model import Model
    from .rows import Contact


class NoAddressError(Exception):
    """No address was given, and none is known: the contact is not, or has none for the medium."""


@dataclass(frozen=True)
class Reaction:
    """One reaction; `contact` is a contact's key in the model, `address` the one that was mailed, if it is given."""

    campaign: int
    contact: int
    medium: str
    kind: str
    at: float
    address: str | None = None

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes it the same as another."""
        return (self.campaign, self.contact, self.medium, self.kind, self.at)


@dataclass
class Platform:
    """The reactions of one account; `recorded` maps each to the contact as it was, in order."""

    model: Model
    account: str
    recorded: dict[tuple[object, ...], tuple[Reaction, Contact]] = field(default_factory=dict)

    def record(self, reaction: Reaction) -> list[str]:
        """The addresses that a new opt-out deactivates; empty for any other reaction, and for one recorded again."""
        column = MEDIUM_MEANS[reaction.medium]
        earlier = [
            each
            for each in self.recorded.values()
            if (each[0].campaign, each[0].contact) == (reaction.campaign, reaction.contact)
        ]
        earlier.sort(key=lambda each: each[0].at)
        contact = self.model.accounts[self.account].contacts.get(reaction.contact)
        if contact is None and earlier:
            contact = earlier[-1][1]
        if contact is None and reaction.address is None:
            raise NoAddressError
        addresses = [reaction.address] if reaction.address else []
        if reaction.kind == "optout" and not addresses:
            reached = [
                str(shown[column])
                for each, shown in earlier
                if each.medium == reaction.medium and shown.get(column)
            ]
            assert contact is not None
            present = contact.get(column)
            addresses = list(dict.fromkeys(reversed(reached))) or ([str(present)] if present else [])
            if not addresses:
                raise NoAddressError
        if reaction.identity in self.recorded:
            return []
        as_it_was = dict(contact or {})
        if addresses:
            as_it_was[column] = addresses[0]
        self.recorded[reaction.identity] = reaction, as_it_was
        if reaction.kind != "optout":
            return []
        for address in sorted(addresses):
            self.model.campaign_opt_out(self.account, reaction.medium, address, reaction.at)
        return addresses
