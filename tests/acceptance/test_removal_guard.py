"""A file that would remove too many contacts waits for a confirmation, over FTP or by an operator (protocol 4)."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.commands import cli
from tests.acceptance.program import Program
from tests.acceptance.tables import people

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Databases


@pytest.fixture(scope="module")
def eager(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Program]:
    """A running daemon that takes files at once."""
    folder = tmp_path_factory.mktemp("eager")
    with databases() as url, closing(Program(folder, url)) as program, program:
        yield program


def guarded(program: Program, account: str) -> str:
    """An account whose list of ten would be replaced by a list of two; the claimed name of the refused file."""
    program.add_account(account)
    done = cli(program, "account", "set", account, "--max-removals", "5", "--max-removal-percent", "60")
    assert done.returncode == 0, done.stderr
    (program.ftp / account / "contacts/import/.syncExistingList").touch()
    program.drop(account, "list.csv", people(10))
    assert program.settled(account, "list.csv").state == "ok"
    program.drop(account, "list.csv", people(2))
    second = program.settled(account, "list.csv", nth=2)
    assert (second.state, second.result["reason"]) == ("ko", "too_many_removals")
    assert program.lists(account) == [("list", 10)]
    return second.path.name


def test_an_empty_confirm_file_releases_it(eager: Program) -> None:
    """It becomes a new deposit, evaluated with what the account holds by then."""
    claimed = guarded(eager, "confirmed")
    eager.drop("confirmed", "other.csv", people(3))
    eager.settled("confirmed", "other.csv")
    eager.drop("confirmed", f"{claimed}.confirm", b"")
    eager.until(lambda: eager.lists("confirmed")[0] == ("list", 2), "it is applied")
    assert eager.settled("confirmed", f"{claimed}.confirm").state == "ok"
    row = max(eager.ledger("confirmed"), key=lambda row: row["deposit_id"])
    assert (row["state"], row["removed"], row["confirmed"]) == ("ok", 8, True)


def test_release_does_so_for_an_operator(eager: Program) -> None:
    """`contactsync release DEPOSIT`; `retry` evaluates it again with the guard."""
    claimed = guarded(eager, "released")
    deposit = eager.ledger("released")[1]["deposit_id"]
    assert cli(eager, "retry", deposit).returncode == 0
    eager.until(
        lambda: len(eager.ledger("released")) == 3 and eager.ledger("released")[2]["state"] == "ko", "refused"
    )
    again = eager.ledger("released")[2]
    assert (again["reason"], again["claimed_name"] != claimed) == ("too_many_removals", True)
    assert cli(eager, "release", again["deposit_id"]).returncode == 0
    eager.until(lambda: eager.lists("released") == [("list", 2)], "it is applied")


def test_a_file_within_the_limits_needs_no_confirmation(eager: Program) -> None:
    """A limit that is cleared no longer holds."""
    guarded(eager, "within")
    eager.drop("within", "list.csv", people(6))
    assert eager.settled("within", "list.csv", nth=3).result["removed"] == 4
    assert (
        cli(eager, "account", "set", "within", "--max-removals", "", "--max-removal-percent", "").returncode
        == 0
    )
    eager.drop("within", "list.csv", people(1))
    assert eager.settled("within", "list.csv", nth=4).result["removed"] == 5
    assert cli(eager, "account", "set", "within", "--max-removals", "-1").returncode == 2
    assert cli(eager, "account", "set", "within", "--max-removal-percent", "101").returncode == 2
