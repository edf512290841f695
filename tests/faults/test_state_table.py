"""The table "States of a deposit" in docs/internals/deposit-states.md, row by row: each state is made by hand, then the daemon starts."""

from __future__ import annotations

import json
import os
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.program import Program
from tests.acceptance.tables import people

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Databases

GOOD = people(3) + b"R0;Personne;;\n"
BAD = b"Nom\nUn\n"
STAMP = 1_700_000_000
CLAIMED = f"{STAMP}_list.csv"

UPLOADED = ("uploaded", "no_row", "taken_again", "attempted", "poisonous")
SETTLED = {
    "applied": GOOD,
    "refused": BAD,
    "in_the_way": GOOD,
    "second_name": GOOD,
    "done": GOOD,
    "done_ko": BAD,
}
MADE = ("copying", "orphans", "shortened", "mark", "vanished")


def put(program: Program, account: str, box: str, name: str, content: bytes = GOOD) -> Path:
    path = program.box(account, box) / name
    path.write_bytes(content)
    return path


def enter(program: Program, account: str, attempts: int) -> None:
    """A row of an unfinished deposit."""
    program.connection.execute(
        "INSERT INTO deposit (account_id, action, name, name_bytes, claimed_name, claimed_bytes, deposited_at,"
        " claimed_at, size_bytes, sha256, mode, attempts)"
        " SELECT account_id, 'import', 'list.csv', 'list.csv', %(claimed)s, %(claimed)s::text::bytea, now(), now(), 1,"
        " repeat('0', 64), 1, %(attempts)s FROM account WHERE name = %(account)s",
        {"claimed": CLAIMED, "attempts": attempts, "account": account},
    )


def take_back(program: Program, account: str, state: str) -> Path:
    """As if the process had died between the commit and the last rename."""
    settled = program.settled(account, "list.csv")
    assert settled.state == state
    for suffix in (".result.json", ".result.html", ".rejected.csv"):
        settled.beside(suffix).unlink(missing_ok=True)
    return settled.path.rename(program.box(account, "on") / settled.path.name)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Program]:
    """A daemon that has been started over every row of the table, each in an account of its own."""
    with (
        databases() as url,
        closing(Program(tmp_path_factory.mktemp("states"), url, rescan_seconds=0.2)) as found,
    ):
        for account in (*UPLOADED, *SETTLED, *MADE):
            found.add_account(account, dedup="none")
        with found:
            for account, content in SETTLED.items():
                found.drop(account, "list.csv", content)
            for account in SETTLED:
                found.settled(account, "list.csv")
            assert found.terminate() == 0
        _make_states(found)
        with found:
            yield found


def _make_states(program: Program) -> None:
    put(program, "uploaded", "in", "list.csv")
    put(program, "no_row", "on", CLAIMED)
    put(program, "taken_again", "on", CLAIMED)
    put(program, "taken_again", "in", "list.csv", people(1))
    put(program, "attempted", "on", CLAIMED)
    enter(program, "attempted", 1)
    put(program, "poisonous", "on", CLAIMED)
    enter(program, "poisonous", 3)
    take_back(program, "applied", "ok")
    take_back(program, "refused", "ko")
    put(program, "copying", "on", CLAIMED)
    put(program, "copying", "on", f".copy.{CLAIMED}", GOOD[:30])
    for prefix in (".copy.", ".result.", ".page.", ".rejected.", ".name."):
        put(program, "orphans", "on", f"{prefix}{CLAIMED}")
    put(program, "shortened", "on", CLAIMED)
    put(program, "shortened", "on", f".name.{CLAIMED}", b"the list as it was named.csv")
    os.utime(put(program, "mark", "on", f".claim.{CLAIMED}", b""), (0, 0))
    second = take_back(program, "second_name", "ok")
    os.link(second, program.box("second_name", "ok") / second.name)
    enter(program, "vanished", 1)
    put(program, "in_the_way", "ok", take_back(program, "in_the_way", "ok").name, b"another")


def only_row(program: Program, account: str) -> dict[str, Any]:
    (row,) = program.ledger(account)
    return row


def assert_applied_once(program: Program, account: str, attempts: int = 1) -> Path:
    settled = program.settled(account, "list.csv")
    assert (settled.state, settled.path.read_bytes()) == ("ok", GOOD)
    assert settled.result["rows_applied"] == 3
    program.until(lambda: not os.listdir(program.box(account, "on")), "on/ is empty")
    assert program.everywhere(account) == [("ok", settled.path.name)]
    assert len(program.contacts(account)) == 3
    assert program.lists(account) == [("list", 3)]
    row = only_row(program, account)
    assert (row["state"], row["attempts"]) == ("ok", attempts)
    return settled.path


def test_in_without_a_row(program: Program) -> None:
    """`in/x`, no row: claimed when quiet."""
    assert_applied_once(program, "uploaded")


def test_on_without_a_row(program: Program) -> None:
    """`on/S_x`, no row: admitted again, under the stamp that it has; attempt 1."""
    settled = assert_applied_once(program, "no_row")
    assert settled.name == CLAIMED
    # The daemon's own copy, not the inode that was found.
    assert settled.stat().st_mode & 0o777 == 0o640


def test_on_without_a_row_beside_a_new_upload(program: Program) -> None:
    """`on/S_x`, no row, because `in/x` was taken again when it was to be put back: both are deposits, in order."""
    assert program.settled("taken_again", "list.csv", nth=2).path.read_bytes() == people(1)
    assert program.settled("taken_again", "list.csv").path.name == CLAIMED
    assert program.lists("taken_again") == [("list", 3), ("list", 1)]


def test_an_unfinished_copy(program: Program) -> None:
    """`on/.copy.S_x`: written again beside its deposit."""
    assert_applied_once(program, "copying")


def test_temporary_files_without_a_deposit(program: Program) -> None:
    """`on/.copy.S_x`, `.result.`, `.page.`, `.rejected.` and `.name.` without `on/S_x`: removed."""
    program.until(lambda: not os.listdir(program.box("orphans", "on")), "they are removed")
    assert program.ledger("orphans") == []


def test_an_attempt_that_was_interrupted(program: Program) -> None:
    """`on/S_x`, row `on`: one more attempt, from the start."""
    assert_applied_once(program, "attempted", attempts=2)


def test_three_attempts_that_died(program: Program) -> None:
    """`on/S_x`, row `on`, three deaths: refused as poison, nothing applied."""
    settled = program.settled("poisonous", "list.csv")
    assert (settled.state, settled.result["reason"]) == ("ko", "poison")
    assert only_row(program, "poisonous")["reason"] == "poison"
    assert program.contacts("poisonous") == []


def test_applied_but_not_moved(program: Program) -> None:
    """`on/S_x`, row `ok`: result files written again from the ledger, moved, not applied again."""
    path = assert_applied_once(program, "applied")
    again = json.loads(path.with_name(f"{path.name}.result.json").read_bytes())
    assert again == only_row(program, "applied")["result"]


def test_refused_but_not_moved(program: Program) -> None:
    """`on/S_x`, row `ko`: likewise, to `ko/`."""
    settled = program.settled("refused", "list.csv")
    assert (settled.state, settled.path.read_bytes()) == ("ko", BAD)
    assert settled.result == only_row(program, "refused")["result"]


def test_the_original_of_a_shortened_name(program: Program) -> None:
    """`on/.name.S_x`: the name that the deposit was uploaded under; removed when it settles."""
    settled = program.settled("shortened", "list.csv")
    assert settled.result["file"] == "the list as it was named.csv"
    assert os.listdir(program.box("shortened", "on")) == []


def test_a_mark_of_a_claim(program: Program) -> None:
    """`on/.claim.S_x` of yesterday: removed."""
    program.until(lambda: not os.listdir(program.box("mark", "on")), "it is removed")
    assert program.ledger("mark") == []


def test_a_second_name_in_ok(program: Program) -> None:
    """One file in `on/` and `ok/`: removed from `on/`."""
    assert_applied_once(program, "second_name")


@pytest.mark.parametrize(("account", "state"), [("done", "ok"), ("done_ko", "ko")])
def test_a_finished_deposit(program: Program, account: str, state: str) -> None:
    """`ok/S_x` or `ko/S_x`, row likewise: nothing happens."""
    row = only_row(program, account)
    assert (row["state"], row["attempts"]) == (state, 1)
    settled = program.settled(account, "list.csv")
    assert settled.path.stat().st_mtime < program.box("no_row", "ok").stat().st_mtime
    assert len(program.contacts(account)) == (3 if state == "ok" else 0)


def test_a_file_that_was_removed(program: Program) -> None:
    """Nowhere in `on/`, row `on`: row `ko`, reason `vanished`, and the log says so."""
    program.until(lambda: only_row(program, "vanished")["state"] == "ko", "it is logged")
    assert only_row(program, "vanished")["reason"] == "vanished"
    assert [event["account"] for event in program.logged("deposit.vanished")] == ["vanished"]


def test_another_file_in_its_place(program: Program) -> None:
    """`ok/S_x` is something else, row `ok`: it stays in `on/`, and the log names the file to move out of the way; then it settles."""
    name = only_row(program, "in_the_way")["claimed_name"]

    def is_logged() -> bool:
        return any(name in event["reason"] for event in program.events("deposit.waits"))

    program.until(is_logged, "it is logged")
    assert program.everywhere("in_the_way") == [("on", name), ("ok", name)]
    (program.box("in_the_way", "ok") / name).rename(program.folder / "moved away")
    assert_applied_once(program, "in_the_way")
