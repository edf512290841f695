"""The link to PostgreSQL cut at the Nth message, for every N, each way, under a daemon that keeps running."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.faults import scene
from tests.faults.proxy import Nth, Proxy, Say

if TYPE_CHECKING:
    from collections.abc import Iterator

_accounts = itertools.count(1)

WANTED = [
    ("import", "liste.csv", "ok", None, 3, 2, 1, 2),
    ("import", "bad.csv", "ko", "too_few_fields", 0, 0, 0, 0),
    ("optoutEMAIL", "stop.csv", "ok", None, 2, 2, 0, 2),
]
"""Of each deposit of the scene: action, name, state, reason, rows read, applied, rejected, and inserted."""


@dataclass(frozen=True)
class Cut:
    """Where to cut: `say` is CUT (before forwarding) or PASS_AND_CUT."""

    say: Say
    to_server: bool

    @property
    def name(self) -> str:
        side = "to" if self.to_server else "from"
        return f"link cut {'before' if self.say is Say.CUT else 'after'} a message {side} the server"


CUTS = [Cut(say, to_server) for say in (Say.CUT, Say.PASS_AND_CUT) for to_server in (True, False)]


def deposit(run: scene.Run) -> str:
    """A new account with the scene's deposits in its `in/` folders."""
    account = run.add_account(f"c{next(_accounts)}", dedup="none")
    for each in scene.DEPOSITS:
        run.drop(account, each.name, each.content, each.action)
    return account


def wrong(run: scene.Run, account: str) -> list[str]:
    """Wait until all is settled; what is not as it is when the link holds."""
    for each in scene.DEPOSITS:
        run.settled(account, each.name, each.action)
    for action in ("import", "optoutEMAIL"):
        run.until(
            lambda action=action: not [*run.box(account, "on", action).iterdir()], f"{action}/on is empty"
        )
    found = scene.wrong_places(run, account=account) + scene.disagreements(run, account)
    keys = ("action", "name", "state", "reason", "rows_read", "rows_applied", "rows_rejected", "inserted")
    ledger = [tuple(row[key] for key in keys) for row in run.ledger(account)]
    events = run.rows(
        "SELECT count(*) AS n FROM consent_event JOIN account USING (account_id) WHERE name = %s", account
    )
    effects = (len(run.contacts(account)), run.lists(account), len(run.opt_outs(account)), events[0]["n"])
    if ledger != WANTED:
        found.append(f"ledger: {ledger}")
    if effects != (2, [("liste", 2)], 2, 2):
        found.append(f"contacts, lists, opted out, events: {effects}")
    return found


def count(run: scene.Run, proxy: Proxy, cut: Cut) -> int:
    """How many messages an uncut pass has."""
    watch = Nth(0, Say.PASS, to_server=cut.to_server)
    proxy.watch = watch
    assert wrong(run, deposit(run)) == []
    return watch.seen


def cuts(run: scene.Run, proxy: Proxy, cut: Cut, every: int = 1) -> Iterator[tuple[int, bool, list[str]]]:
    """Every point (or every Kth): its number, whether it was cut there, what was wrong in the end."""
    for number in range(1, count(run, proxy, cut) + 1, every):
        watch = Nth(number, cut.say, to_server=cut.to_server)
        proxy.watch = watch
        found = wrong(run, deposit(run))
        yield number, watch.done.is_set(), found
