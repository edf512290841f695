"""An account's folders on disk. The only class that renames deposits and knows the tree (protocol 1).

`Spool` is one class, made of a chapter per folder of the protocol. It adds nothing of its own. Add code to the
chapter of the folder that it works on:

- `base`: opening, locking, and what every chapter needs
- `inbox`: `in/`, what was uploaded, and the markers
- `claim`: `in/` → `on/`, the rename that takes an upload away from its uploader
- `in_progress`: `on/`, the daemon's own copy
- `settled`: `on/` → `ok/` or `ko/`, and from there back to `in/` or to removal

Functions that need only a folder's descriptor are in `files`.

All chapters use directory descriptors that were opened without following links, so that neither a name nor a swapped
folder leads out of the account's home. Names are bytes.
"""

from __future__ import annotations

from contactsync.spool.claim import Claiming
from contactsync.spool.in_progress import InProgress
from contactsync.spool.settled import Settling


class Spool(Claiming, InProgress, Settling):
    """One account's `contacts/`, locked against other processes while it is open."""
