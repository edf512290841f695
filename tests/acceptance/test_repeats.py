"""A file that comes again, its confirmation, and the rest of an upload in pieces (protocol 1, 10)."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.commands import cli
from tests.acceptance.program import Program
from tests.acceptance.tables import people

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.acceptance.settled import Settled
    from tests.conftest import Databases

ADDRESS = b"Email\np1@example.com\n"


@pytest.fixture(scope="module")
def eager(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Program]:
    """A running daemon that takes files at once."""
    folder = tmp_path_factory.mktemp("eager")
    with databases() as url, closing(Program(folder, url)) as program, program:
        yield program


def twice(program: Program, account: str, name: str, content: bytes, action: str = "import") -> Settled:
    """Deposit the same file again after it was applied; the second one."""
    program.drop(account, name, content, action)
    assert program.settled(account, name, action).state == "ok"
    program.drop(account, name, content, action)
    return program.settled(account, name, action, nth=2)


def warnings(settled: Settled) -> list[str]:
    return [each["code"] for each in settled.result["warnings"]]


def test_the_same_file_again_is_applied_with_a_warning(eager: Program) -> None:
    """The warning names the date and the claimed name of the first; a third file still names the first."""
    eager.add_account("again")
    second = twice(eager, "again", "list.csv", people(2))
    first = eager.ledger("again")[0]["claimed_name"]
    assert (second.state, warnings(second)) == ("ok", ["repeated_file"])
    assert first in second.result["warnings"][0]["message"]
    eager.drop("again", "list.csv", people(2))
    assert first in eager.settled("again", "list.csv", nth=3).result["warnings"][0]["message"]


def test_other_names_contents_actions_and_accounts_are_new(eager: Program) -> None:
    """Only the same action, name and content of the same account count."""
    for name in ("mine", "theirs"):
        eager.add_account(name)
    eager.drop("mine", "a.csv", people(2))
    eager.settled("mine", "a.csv")
    for account, name, content, action in (
        ("mine", "b.csv", people(2), "import"),
        ("mine", "a.csv", people(3), "import"),
        ("mine", "a.csv", people(2), "optoutEMAIL"),
        ("theirs", "a.csv", people(2), "import"),
    ):
        eager.drop(account, name, content, action)
        nth = 2 if (account, name, action) == ("mine", "a.csv", "import") else 1
        assert "repeated_file" not in warnings(eager.settled(account, name, action, nth=nth))


def test_a_file_is_forgotten_after_repeat_days(eager: Program) -> None:
    """Thirty days after it was applied, the same file is new."""
    eager.add_account("old")
    eager.drop("old", "a.csv", people(1))
    eager.settled("old", "a.csv")
    eager.connection.execute(
        "UPDATE deposit SET finished_at = finished_at - interval '31 days' WHERE account_id ="
        " (SELECT account_id FROM account WHERE name = 'old')"
    )
    eager.drop("old", "a.csv", people(1))
    assert warnings(eager.settled("old", "a.csv", nth=2)) == []


def test_a_refused_file_is_no_repetition(eager: Program) -> None:
    """A file that was refused and comes again was never applied."""
    eager.add_account("refused")
    for number in (1, 2):
        eager.drop("refused", "a.csv", b"Nothing\nx\n")
        assert eager.settled("refused", "a.csv", nth=number).result["reason"] == "no_known_column"


def test_a_repeated_opt_in_waits_for_its_confirmation(eager: Program) -> None:
    """It could undo a later opt-out. An empty `.confirm` file releases it, and is answered in `ok/`."""
    eager.add_account("optin")
    second = twice(eager, "optin", "yes.csv", ADDRESS, "optinEMAIL")
    assert (second.state, second.result["reason"]) == ("ko", "repeated_file")
    assert f"{second.path.name}.confirm" in second.result["message"]
    eager.drop("optin", f"{second.path.name}.confirm", b"", "optinEMAIL")
    eager.until(lambda: [row["state"] for row in eager.ledger("optin")][3:] == ["ok"], "it is applied")
    rows = eager.ledger("optin")
    assert (rows[-1]["retry_of"], rows[-1]["confirmed"]) == (rows[1]["deposit_id"], True)
    confirmation = eager.settled("optin", f"{second.path.name}.confirm", "optinEMAIL")
    assert (confirmation.state, second.path.name in confirmation.result["message"]) == ("ok", True)
    assert not second.path.exists()


def test_a_confirmation_of_nothing_is_answered(eager: Program) -> None:
    """A wrong name, and a deposit that was refused for another reason, change nothing."""
    eager.add_account("nothing")
    eager.drop("nothing", "bad.csv", b"Nothing\nx\n")
    bad = eager.settled("nothing", "bad.csv")
    for name in ("1234567890_none.csv.confirm", f"{bad.path.name}.confirm"):
        eager.drop("nothing", name, b"")
        answer = eager.settled("nothing", name)
        assert (answer.state, answer.result["reason"]) == ("ko", "nothing_to_confirm")
    assert bad.path.exists()


def test_release_confirms_for_an_operator(eager: Program) -> None:
    """Under `repeats = refuse` every action waits; `contactsync release` applies it, and no other deposit."""
    eager.add_account("strict", repeats="refuse")
    second = twice(eager, "strict", "list.csv", people(1))
    assert second.result["reason"] == "repeated_file"
    first, refused = eager.ledger("strict")
    assert cli(eager, "release", first["deposit_id"]).returncode == 1
    done = cli(eager, "release", refused["deposit_id"])
    assert (done.returncode, done.stderr) == (0, "")
    eager.until(
        lambda: len(eager.ledger("strict")) == 3 and eager.ledger("strict")[-1]["state"] == "ok", "applied"
    )
    assert [row["confirmed"] for row in eager.ledger("strict")] == [False, True, True]


def test_an_account_may_apply_every_repetition(eager: Program) -> None:
    """`repeats = apply`: an opt-in too, with the warning."""
    eager.add_account("lenient", repeats="apply")
    second = twice(eager, "lenient", "yes.csv", ADDRESS, "optinEMAIL")
    assert (second.state, warnings(second)) == ("ok", ["repeated_file"])


def test_the_rest_of_an_upload_in_pieces_is_refused(eager: Program) -> None:
    """It has no header line and closely follows a deposit of its name. The message explains how to upload."""
    eager.add_account("pieces")
    whole = people(6)
    lines = whole.splitlines(keepends=True)
    for number, piece in enumerate((lines[:3], lines[3:5], lines[5:]), start=1):
        eager.drop("pieces", "list.csv", b"".join(piece))
        settled = eager.settled("pieces", "list.csv", nth=number)
        assert settled.result["reason"] == (None if number == 1 else "continuation")
    assert "en-têtes" in settled.result["message"]
    eager.drop("pieces", "other.csv", b"".join(lines[3:]))
    assert eager.settled("pieces", "other.csv").result["reason"] == "no_known_column"
    eager.drop("pieces", "other.csv", b"".join(lines[4:]))
    assert eager.settled("pieces", "other.csv", nth=2).result["reason"] == "no_known_column"


def test_a_confirmation_survives_a_kill(down: Program) -> None:
    """The ledger has it and the file is still in `ko/`: the next start puts it back, and it is applied once."""
    down.add_account("acme", repeats="refuse")
    with down:
        second = twice(down, "acme", "list.csv", people(1))
        assert second.state == "ko"
        down.kill()
    down.connection.execute(
        "UPDATE deposit SET retried_at = now(), confirmed = true WHERE claimed_name = %s", [second.path.name]
    )
    down.start()
    down.until(
        lambda: len(down.ledger("acme")) == 3 and down.ledger("acme")[-1]["state"] == "ok", "it is applied"
    )
    down.until(
        lambda: [place for place, _ in down.everywhere("acme")] == ["ok", "ok"], "both are in their places"
    )
    down.stop()


def test_an_account_may_have_its_own_waiting_times(down: Program) -> None:
    """The daemon waits an hour for the others."""
    down.configure(settle_seconds=3600, grace_seconds=3600)
    for name in ("hurried", "other"):
        down.add_account(name)
    done = cli(down, "account", "set", "hurried", "--settle-seconds", "0", "--grace-seconds", "0")
    assert done.returncode == 0, done.stderr
    shown = json.loads(cli(down, "account", "show", "hurried", "--json").stdout)
    assert (shown["settle_seconds"], shown["grace_seconds"]) == (0.0, 0.0)
    with down:
        for name in ("hurried", "other"):
            down.drop(name, "list.csv", people(1))
        assert down.settled("hurried", "list.csv").state == "ok"
        assert down.files_in("other", "in") == ["list.csv"]
    assert cli(down, "account", "set", "hurried", "--settle-seconds", "-1").returncode == 2
    assert cli(down, "account", "set", "hurried", "--settle-seconds", "").returncode == 0
    assert json.loads(cli(down, "account", "show", "hurried", "--json").stdout)["settle_seconds"] is None
