"""Refuses a file that would change every triplet, because a means of contact was not recognised (protocol 2). Pure.

Under `triplet` a contact is known by its three means together. Without the column of one of them, the rows of a file
are new contacts to an import and match nobody in a delete.
"""

from __future__ import annotations

from contactsync.domain.account import Account
from contactsync.domain.columns import FRENCH, Header
from contactsync.domain.deposit import Action, Mode
from contactsync.domain.errors import FileRefused


def refuse_untaken_means(header: Header, account: Account, action: Action, mode: Mode | None) -> None:
    """Raise FileRefused if a header looks like a means of contact, was not taken, and the file would do harm."""
    removes = action.kind == "delete" or mode is Mode.SYNC
    if account.dedup == "triplet" and removes and header.untaken_means:
        name, key = header.untaken_means[0]
        raise FileRefused("means_not_recognised", {"header": name, "column": FRENCH[key]})
