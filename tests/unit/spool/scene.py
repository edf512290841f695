"""An account with an FTP home: uploads, and what is in its folders."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from contactsync.domain.deposit import ACTIONS, Action, Incoming
from contactsync.runtime.clock import SYSTEM_CLOCK, Clock
from contactsync.spool.home_pins import HomePins
from contactsync.spool.spool import Spool

IMPORT = ACTIONS["import"]
MAX_BYTES = 1000

Drop = Callable[..., Incoming]


def opened(home: Path, clock: Clock = SYSTEM_CLOCK) -> Spool:
    """A spool of this home, not yet open."""
    return Spool(
        home, pins(home), max_bytes=MAX_BYTES, ignored=lambda name: name.startswith(b"."), clock=clock
    )


def pins(home: Path) -> HomePins:
    """What recognises this home: nothing is recorded yet."""
    return HomePins(home.parent, home.parent / "data")


def seen(spool: Spool, name: bytes = b"list.csv", action: Action = IMPORT) -> Incoming:
    """A file in `in/` as the scan sees it."""
    (found,) = (each for each in spool.incoming() if (each.action, each.name) == (action, name))
    return found


def nothing(_action: Action, _name: bytes) -> bool:
    """An empty ledger: no name is taken."""
    return False


def tree(home: Path, action: str = "import") -> dict[str, list[str]]:
    """The names in the four folders."""
    root = home / "contacts" / action
    return {name: sorted(os.listdir(root / name)) for name in ("in", "on", "ok", "ko")}


def stamp(incoming: Incoming) -> int:
    """The deposit date in seconds since 1970."""
    return incoming.identity.ctime // 1_000_000_000


def claim_and_admit(spool: Spool, incoming: Incoming) -> bytes:
    """A deposit in `on/` that is the daemon's own copy."""
    claimed = spool.claim(incoming, nothing)
    assert claimed is not None
    spool.admit(incoming.action, claimed, incoming)
    return claimed


def put(home: Path, *paths: str) -> None:
    """Put markers below `contacts/import/`."""
    for path in paths:
        (home / "contacts" / "import" / path).write_bytes(b"x")
