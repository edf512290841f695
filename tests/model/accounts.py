"""What one account owns, in plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .rows import Contact, Original
from .values import COLUMNS, AccountRules, Value

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass
class ContactList:
    """A list and the keys of its members."""

    name: str
    members: set[int] = field(default_factory=set)


@dataclass
class Account:
    """All that one account owns.

    `lists` is in order of creation. `opt_outs` maps (medium, address) to the time of the newest
    opt-out. `originals` maps claimed names to the deposits that had rejected rows.
    """

    rules: AccountRules
    contacts: dict[int, Contact] = field(default_factory=dict)
    lists: list[ContactList] = field(default_factory=list)
    opt_outs: dict[tuple[str, str], float] = field(default_factory=dict)
    events: list[tuple[str, str, str]] = field(default_factory=list)
    originals: dict[str, Original] = field(default_factory=dict)

    def rows(self, members: Iterable[int] | None = None) -> list[tuple[Value, ...]]:
        """The 31 columns of these contacts (all by default), sorted so that two multisets compare."""
        chosen = self.contacts if members is None else members
        return sorted((tuple(self.contacts[m][c] for c in COLUMNS) for m in chosen), key=repr)
