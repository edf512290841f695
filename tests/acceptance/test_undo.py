"""`contactsync undo`: an import, a delete and an opt-in are reversed; what a later deposit built on is not."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.commands import cli
from tests.acceptance.program import DEADLINE, Program
from tests.acceptance.tables import people, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHANGED = table("Référence;Nom;Email", "R1;Wrong;p1@example.com", "R2;Wrong;p2@example.com")


@pytest.fixture
def acme(down: Program) -> Iterator[Program]:
    """A running daemon, and the account `acme` with three contacts, of an import `a.csv`."""
    down.add_account("acme")
    with down:
        deposit(down, "a.csv", people(3))
        yield down


def deposit(program: Program, name: str, content: bytes, action: str = "import") -> int:
    """Apply a file; the deposit's id."""
    program.drop("acme", name, content, action)
    assert program.settled("acme", name, action).state == "ok"
    return int(next(row["deposit_id"] for row in reversed(program.ledger("acme")) if row["name"] == name))


def undo(program: Program, *arguments: object) -> list[dict[str, Any]]:
    done = cli(program, "undo", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["undone"]
    return found


def names(program: Program) -> list[str]:
    return sorted(row["last_name"] for row in program.contacts("acme"))


def test_an_import_is_undone_once(acme: Program) -> None:
    """--dry-run counts and changes nothing; the ledger, `show`, and the result file in ok/ say when it was undone."""
    number = deposit(acme, "wrong.csv", CHANGED + b"R9;New;p9@example.com\n")
    assert undo(acme, number, "--dry-run")[0]["contacts_restored"] == 2
    assert names(acme) == ["New", "Nom3", "Wrong", "Wrong"]
    (row,) = undo(acme, number)
    assert (row["contacts_removed"], row["contacts_restored"]) == (1, 2)
    assert names(acme) == ["Nom1", "Nom2", "Nom3"]
    result = json.loads((acme.box("acme", "ok") / f"{row['file']}.result.json").read_text())
    assert result["undone_at"]
    assert "annulés" in result["message"]
    again = cli(acme, "undo", number)
    assert again.returncode == 1
    assert "was undone on" in again.stderr
    assert "undone" in cli(acme, "show", number).stdout
    assert "(undone)" in cli(acme, "history").stdout


def test_the_same_file_may_come_again(acme: Program) -> None:
    """It is applied as if it were the first time."""
    number = deposit(acme, "wrong.csv", CHANGED)
    undo(acme, number)
    deposit(acme, "wrong.csv", CHANGED)
    result = acme.ledger("acme")[-1]["result"]
    assert (result["updated"], [each["code"] for each in result["warnings"]]) == (2, [])


def test_a_later_deposit_is_in_the_way(acme: Program) -> None:
    """It is named, and nothing changes; --all-after undoes it first."""
    first = deposit(acme, "wrong.csv", CHANGED)
    second = deposit(acme, "more.csv", table("Référence;Nom;Email", "R1;Worse;p1@example.com"))
    done = cli(acme, "undo", first)
    assert done.returncode == 1
    assert f"  {second}  import/ok/" in done.stderr
    assert names(acme) == ["Nom3", "Worse", "Wrong"]
    assert [each["deposit_id"] for each in undo(acme, first, "--all-after")] == [second, first]
    assert names(acme) == ["Nom1", "Nom2", "Nom3"]


def test_a_delete_is_undone(acme: Program) -> None:
    """With the memberships."""
    number = deposit(acme, "gone.csv", b"R\xe9f\xe9rence\nR1\nR2\n", "delete")
    assert names(acme) == ["Nom3"]
    (row,) = undo(acme, number)
    assert (row["contacts_restored"], row["members_restored"]) == (2, 2)
    assert names(acme) == ["Nom1", "Nom2", "Nom3"]


def test_an_opt_in_is_undone_and_an_opt_out_is_not(acme: Program) -> None:
    """`why` shows where the new opt-out comes from."""
    stop = deposit(acme, "stop.csv", b"Email\np1@example.com\n", "optoutEMAIL")
    back = deposit(acme, "back.csv", b"Email\np1@example.com\n", "optinEMAIL")
    (row,) = undo(acme, back)
    assert row["opted_out_again"] == 1
    assert [each["address"] for each in acme.rows("SELECT address FROM opt_out")] == ["p1@example.com"]
    assert f"by the undo of deposit {back}" in cli(acme, "person", "why", "--email", "p1@example.com").stdout
    done = cli(acme, "undo", stop)
    assert done.returncode == 1
    assert "an opt-out, which is never undone" in done.stderr


@pytest.mark.parametrize(
    ("number", "sentence"), [(999, "there is no deposit 999"), (1, "is kept for undo_days only")]
)
def test_what_cannot_be_undone_is_explained(acme: Program, number: int, sentence: str) -> None:
    acme.configure(undo_days=0)
    assert cli(acme, "tidy").returncode == 0
    done = cli(acme, "undo", number)
    assert (done.returncode, sentence in done.stderr) == (1, True)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_killed_undo_has_undone_everything_or_nothing(acme: Program, tmp_path: Path) -> None:
    """Killed at each message to the database in turn, until one run is left alone."""
    states = []
    for when in range(1, 60):
        number = deposit(acme, f"wrong{when}.csv", CHANGED.replace(b"Wrong", b"W%d" % when))
        inject = f"inject=sendto:signal=SIGKILL:when={when}"
        prefix = ("strace", "-f", "-o", str(tmp_path / "log"), "-e", "trace=sendto", "-e", inject)
        status = cli(acme, "undo", number, prefix=prefix).returncode
        undone = (
            next(row for row in acme.ledger("acme") if row["deposit_id"] == number)["undone_at"] is not None
        )
        assert names(acme) == (["Nom1", "Nom2", "Nom3"] if undone else ["Nom3", f"W{when}", f"W{when}"])
        states.append(undone)
        if status != -9:
            break
        if not undone:
            undo(acme, number)
    assert status == 0
    assert False in states


def test_two_commands_undo_once(acme: Program) -> None:
    """The second one waits for the account's lock, and then finds that it was undone."""
    number = deposit(acme, "wrong.csv", CHANGED)
    command = acme._command("undo", str(number))
    both = [subprocess.Popen(command, env=acme._environment, stderr=subprocess.PIPE) for _ in range(2)]
    endings = sorted((each.wait(DEADLINE), each.stderr.read().decode()) for each in both if each.stderr)
    assert [status for status, _ in endings] == [0, 1]
    assert "was undone on" in endings[1][1]
    assert names(acme) == ["Nom1", "Nom2", "Nom3"]
