"""Random histories with undone deposits: the state is the model's without them (protocol 10).

`CONTACTSYNC_UNDO_HISTORIES` sets how many (15 per criterion), `CONTACTSYNC_UNDO_SEED` the first.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING, Any, cast

import pytest

from contactsync.applying.undo import undo
from contactsync.database import ledger
from contactsync.domain.deposit import ACTIONS, Claimed, Mode
from contactsync.domain.errors import AnswerIsNo
from tests.integration.applying.desk import START, Shelf
from tests.model.undoing import Happening, Upload, happening, replayed
from tests.model.values import AccountRules

if TYPE_CHECKING:
    from pathlib import Path

    from contactsync.domain.account import Account
    from contactsync.spool.spool import Spool
    from tests.integration.conftest import Site
    from tests.model.accounts import Account as Modelled

HISTORIES = int(os.environ.get("CONTACTSYNC_UNDO_HISTORIES", "15"))
SEED = int(os.environ.get("CONTACTSYNC_UNDO_SEED", "1"))
LENGTH = 9
TABLES = (
    *("consent_event", "opt_out", "list_member", "contact_list", "contact", "deposit"),
    *("contact_before", "member_before", "opt_out_before"),
)


class Story:
    """One account, the events so far, and the deposits that were undone."""

    def __init__(self, site: Site, account: Account, rules: AccountRules, shelf: Shelf) -> None:
        self.site, self.account, self.rules, self.shelf = site, account, rules, shelf
        self.happenings: list[Happening] = []
        self.deposits: dict[int, int] = {}
        self.undone: set[int] = set()
        site.conn.execute("; ".join(f"DELETE FROM contactsync.{table}" for table in TABLES))

    def process(self, event: Happening) -> None:
        """Take one event to its end; an event's number is its time."""
        number = len(self.happenings)
        self.happenings.append(event)
        at = START + timedelta(seconds=number)
        if not isinstance(event, Upload):
            what = (self.account.account_id, [event.address], [at])
            self.site.rows("SELECT contactsync.opt_out_addresses(%s, '{EMAIL}', %s, %s)", *what)
            return
        content, action = event.content.encode(), ACTIONS[event.action]
        self.shelf.path.write_bytes(content)
        name = event.name.encode()
        claimed = Claimed(
            action, name, b"%d_%s" % (int(at.timestamp()), name), at, len(content), sha256(content).hexdigest(), None,
            Mode(event.mode) if action.kind == "import" else None,
        )  # fmt: skip
        assert self.site.pipeline.process(self.account, cast("Spool", self.shelf), claimed)
        found = ledger.find(self.site.daemon, self.account, action, claimed.claimed_name)
        assert found
        if found.state == "ok":
            self.deposits[found.deposit_id] = number

    def undo(self, deposit: int, *, all_after: bool) -> bool:
        """Undo a deposit; False if that is refused, and then nothing has changed."""
        before = self.state()
        now = datetime.now(UTC)
        how: dict[str, Any] = {"all_after": all_after}
        try:
            counted = undo(self.site.daemon, self.account, deposit, now, dry_run=True, **how)
            assert self.state() == before
            done = undo(self.site.daemon, self.account, deposit, now, dry_run=False, **how)
        except AnswerIsNo:
            assert self.state() == before
            return False
        assert [each.deposit for each in counted] == [each.deposit for each in done]
        self.undone |= {self.deposits[each.deposit.deposit_id] for each in done}
        return True

    def state(self) -> tuple[list[Any], ...]:
        """Contacts, lists by age with their members, and opt-outs with their newest time."""
        rows = self.site.rows
        columns = "reference, email, last_name, mobile"
        contacts = rows(f"SELECT {columns} FROM contactsync.contact")
        lists = rows(
            "SELECT l.name, coalesce(array_agg(concat_ws('|', reference, email, last_name, mobile)"
            " ORDER BY concat_ws('|', reference, email, last_name, mobile)) FILTER (WHERE m.contact_id IS NOT NULL), '{}')"
            " FROM contactsync.contact_list AS l LEFT JOIN contactsync.list_member AS m USING (account_id, list_id)"
            " LEFT JOIN contactsync.contact AS c USING (account_id, contact_id) GROUP BY l.list_id, l.name ORDER BY l.list_id"
        )
        outs = rows(
            "SELECT medium, address, extract(epoch FROM greatest(since, latest) - %s)::int FROM contactsync.opt_out",
            START,
        )
        return sorted(contacts, key=repr), lists, sorted(outs)

    def expected(self) -> tuple[list[Any], ...]:
        """The model's state without what was undone."""
        owner = replayed(self.rules, self.happenings, self.undone)
        contacts = [_row(owner, key) for key in owner.contacts]
        lists = [
            (
                each.name,
                sorted("|".join(x for x in _row(owner, key) if x is not None) for key in each.members),
            )
            for each in owner.lists
        ]
        outs = [(medium, address, int(at)) for (medium, address), at in owner.opt_outs.items()]
        return sorted(contacts, key=repr), lists, sorted(outs)

    def __str__(self) -> str:
        lines = [f"undone {sorted(self.undone)}", *(f"{n}: {each}" for n, each in enumerate(self.happenings))]
        return "\n".join(lines)


def _row(owner: Modelled, key: int) -> tuple[Any, ...]:
    contact = owner.contacts[key]
    return tuple(contact[column] for column in ("reference", "email", "last_name", "mobile"))


@pytest.mark.parametrize(
    ("dedup", "blank_cells"),
    [("reference", "keep"), ("reference", "clear"), ("triplet", "keep"), ("none", "keep")],
)
def test_the_state_is_the_models_without_the_deposit(
    site: Site, tmp_path: Path, dedup: str, blank_cells: str
) -> None:
    """Also if others are undone with it, if more is undone later, and if life continues afterwards."""
    site.set(dedup=dedup, blank_cells=blank_cells)
    rules = AccountRules("acme", dedup=dedup, blank_cells=blank_cells)  # type: ignore[arg-type]  # one of the literals
    account, alone = site.account, 0
    for seed in range(SEED, SEED + HISTORIES):
        rng = Random(seed)
        story = Story(site, account, rules, Shelf(tmp_path / "file.csv"))
        for number in range(LENGTH):
            story.process(happening(rng, number))
            if number < LENGTH // 2 or rng.random() < 0.5:
                continue
            candidates = [each for each, at in story.deposits.items() if at not in story.undone]
            if candidates:
                chosen = rng.choice(candidates)
                if story.undo(chosen, all_after=False):
                    alone += 1
                else:
                    story.undo(chosen, all_after=True)
            assert story.state() == story.expected(), f"seed {seed}\n{story}"
        for chosen in rng.sample(list(story.deposits), len(story.deposits)):
            # Without --all-after, so that one is undone whose effects a later, undone one has hidden.
            if story.deposits[chosen] not in story.undone and story.undo(chosen, all_after=False):
                assert story.state() == story.expected(), f"seed {seed}\n{story}"
    assert alone > HISTORIES / 4
