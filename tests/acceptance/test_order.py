"""One account's deposits in order and one at a time; accounts side by side, none starved by another."""

from __future__ import annotations

import os
import random
import threading
from typing import TYPE_CHECKING

from contactsync.domain.deposit import ACTIONS
from tests.acceptance.tables import people

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.program import Program


class Sender:
    """Makes deposits one after the other, in order by the file system's coarse clock too."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._clock = program.folder / "clock"
        self._last = 0

    def drop(self, account: str, name: str, content: bytes, action: str = "import") -> None:
        while self._now() <= self._last:
            pass
        self._program.drop(account, name, content, action)
        self._last = self._now()

    def _now(self) -> int:
        self._clock.touch()
        return self._clock.stat().st_ctime_ns


class Observer:
    """Looks at an account's `on/` folders all the time; `most` is how many deposits it ever saw there."""

    def __init__(self, program: Program, account: str) -> None:
        self.most = 0
        self._boxes = [program.box(account, "on", action) for action in ACTIONS]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Observer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.is_set():
            # What two looks saw was there together between them.
            both = self._seen() & self._seen()
            self.most = max(self.most, len(both))

    def _seen(self) -> set[Path]:
        return {box / name for box in self._boxes for name in os.listdir(box) if not name.startswith(".")}


def test_deposits_are_applied_in_order_of_their_date_across_folders(down: Program) -> None:
    """Thirty files in all ten folders, named at random: the ledger has them in order of arrival."""
    rng = random.Random(7)
    account = down.add_account("acme")
    sender = Sender(down)
    dropped = []
    for number in range(30):
        action = rng.choice(list(ACTIONS))
        name = f"{rng.randrange(10**6)}-{number}.csv"
        sender.drop(account, name, people(2), action)
        dropped.append((action, name))
    with Observer(down, account) as observer, down:
        down.until(lambda: down.files_in(account, "in", dropped[-1][0]) == [], "the last one is claimed")
        down.settled(account, dropped[-1][1], dropped[-1][0])
    rows = down.ledger(account)
    assert [(row["action"], row["name"]) for row in rows] == dropped
    assert [row["finished_at"] for row in rows] == sorted(row["finished_at"] for row in rows)
    assert observer.most == 1


def test_the_latest_consent_file_wins(down: Program) -> None:
    """Of contradicting files the later one counts, whatever the order of the folders' names."""
    account = down.add_account("acme")
    sender = Sender(down)
    for number, action in enumerate(
        ("optoutSMS", "optinSMS", "optoutSMS", "optinEMAIL", "optoutEMAIL", "optinEMAIL")
    ):
        sender.drop(account, f"{9 - number}.csv", people(1), action)
    with down:
        down.settled(account, "4.csv", "optinEMAIL")
    assert down.opt_outs(account) == {("SMS", "+33600000001")}


def test_a_file_that_settles_holds_back_the_later_ones(down: Program) -> None:
    """A file without its last line end waits for `grace_seconds`, and a later one of the account after it."""
    account = down.add_account("acme")
    down.configure(settle_seconds=0, grace_seconds=1)
    with down:
        sender = Sender(down)
        sender.drop(account, "unfinished.csv", people(1).rstrip(b"\n"))
        sender.drop(account, "later.csv", people(1), "delete")
        down.settled(account, "later.csv", "delete")
    assert [row["name"] for row in down.ledger(account)] == ["unfinished.csv", "later.csv"]


def test_a_file_that_is_being_written_delays_no_other_file(down: Program) -> None:
    """While somebody has a file open for writing, a later one of the account goes first."""
    account = down.add_account("acme")
    with down:
        with (down.box(account, "in") / "open.csv").open("wb") as writer:
            writer.write(people(1))
            writer.flush()
            down.drop(account, "later.csv", people(1), "optoutSMS")
            down.settled(account, "later.csv", "optoutSMS")
            assert down.files_in(account, "in") == ["open.csv"]
        assert down.settled(account, "open.csv").state == "ok"


def test_accounts_are_worked_on_side_by_side(down: Program) -> None:
    """A small deposit is settled while another account's big file is still in progress."""
    down.add_account("big")
    down.add_account("small")
    with down:
        down.drop("small", "first.csv", people(1))
        down.settled("small", "first.csv")
        down.drop("big", "big.csv", people(120_000))
        down.until(lambda: down.ledger("big"), "the big file is in work")
        with down.connection.transaction():
            # The merge of the big file waits for this row.
            down.connection.execute("SELECT FROM account WHERE name = 'big' FOR UPDATE")
            down.drop("small", "small.csv", people(1))
            down.settled("small", "small.csv")
            assert [row["state"] for row in down.ledger("big")] == ["on"]
        assert down.settled("big", "big.csv").state == "ok"


def test_a_busy_account_does_not_starve_another(down: Program) -> None:
    """The other account's deposit is among one worker's first quarter, though a hundred arrived before it.

    A turn lasts 25 ms: so many milliseconds, and not so many deposits, may pass before the other account's turn.
    """
    down.configure(workers=1)
    sender = Sender(down)
    for account in ("busy", "idle"):
        down.add_account(account)
    for number in range(100):
        sender.drop("busy", f"{number}.csv", people(1))
    sender.drop("idle", "one.csv", people(1))
    with down:
        down.settled("busy", "99.csv")
    finished = sorted(
        (row["finished_at"], row["name"]) for name in ("busy", "idle") for row in down.ledger(name)
    )
    assert "one.csv" in [name for _, name in finished[:25]]


def test_three_hundred_files_in_one_folder(down: Program) -> None:
    """Each is applied once, in order, and each has its own stamped name and result."""
    account = down.add_account("acme")
    down.start()
    down.started()
    sender = Sender(down)
    names = [f"{number:03d}.csv" for number in range(300)]
    for number, name in enumerate(names):
        sender.drop(account, name, people(1, first=number + 1))
    down.settled(account, names[-1])
    assert [row["name"] for row in down.ledger(account)] == names
    assert len(down.contacts(account)) == len(down.lists(account)) == 300
    assert [box for box, _ in down.everywhere(account)] == ["ok"] * 300
    results = down.box(account, "ok").glob("*.result.json")
    assert len(list(results)) == 300


def test_deposits_of_one_name_never_overwrite_each_other(down: Program) -> None:
    """Twelve uploads of one name within a second, and of names like its results, are twelve files in `ok/`."""
    account = down.add_account("acme")
    names = ["a.csv", "a.csv.result.json", "a.csv.result.html", "a.csv.rejected.csv"]
    contents = []
    with down:
        for number in range(12):
            name = names[number % 4]
            # One row applied, one rejected.
            contents.append(people(1, first=number + 1) + b"R0;;;\n")
            down.drop(account, name, contents[-1])
            down.until(lambda: len(down.ledger(account)) == len(contents), "it is claimed")
        down.until(lambda: {row["state"] for row in down.ledger(account)} == {"ok"}, "all are applied")
        down.until(lambda: not os.listdir(down.box(account, "on")), "the last one has left on/")
    claimed = [row["claimed_name"] for row in down.ledger(account)]
    kept = [(down.box(account, "ok") / name).read_bytes() for name in claimed]
    assert kept == contents
    suffixes = (".result.json", ".result.html", ".rejected.csv")
    results = [f"{name}{suffix}" for name in claimed for suffix in suffixes]
    assert sorted(os.listdir(down.box(account, "ok"))) == sorted(claimed + results)
