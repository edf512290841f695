"""`x.check.csv` is evaluated in its turn with the counts it would have, and changes nothing (protocol 4)."""

from __future__ import annotations

import json
import zipfile
from contextlib import closing
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.commands import cli
from tests.acceptance.program import Program
from tests.acceptance.tables import people
from tests.acceptance.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Databases

COUNTS = (*("rows_read", "rows_applied", "rows_rejected"), *("inserted", "updated", "unchanged", "removed"))
TABLES = ("contact", "contact_list", "list_member", "opt_out", "consent_event")


@pytest.fixture(scope="module")
def eager(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Program]:
    """A running daemon that takes files at once."""
    folder = tmp_path_factory.mktemp("eager")
    with databases() as url, closing(Program(folder, url)) as program, program:
        yield program


def content(program: Program, account: str) -> list[list[Any]]:
    """Every row that the account owns, but for the ledger."""
    mine = "account_id = (SELECT account_id FROM account WHERE name = %s)"
    return [program.rows(f"SELECT * FROM {table} WHERE {mine} ORDER BY 1, 2, 3", account) for table in TABLES]


CASES = {
    "a new list": ("import", people(5, first=3)),
    "the list replaced": ("import", people(1, first=2)),
    "opt-out": ("optoutEMAIL", b"Email\np1@example.com\nnew@example.com\n"),
    "opt-in": ("optinSMS", b"Mobile\n0600000001\n0600000099\n"),
    "delete": ("delete", "Référence\nR1\nR2\nNOBODY\n".encode()),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("zipped", [False, True], ids=["csv", "zip"])
def test_the_counts_are_those_of_the_deposit_and_nothing_changes(
    eager: Program, case: str, zipped: bool
) -> None:
    """The same file without `.check` in its name then has exactly these counts."""
    account = f"{case.replace(' ', '-')}-{zipped}"
    action, data = CASES[case]
    eager.add_account(account)
    eager.drop(account, "list.csv", people(3))
    eager.drop(account, "out.csv", b"Mobile\n0600000001\n", "optoutSMS")
    eager.settled(account, "out.csv", "optoutSMS")
    if case == "the list replaced":
        (eager.ftp / account / "contacts/import/.syncExistingList").touch()
    if zipped:
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("list.csv", data)
        data = packed.getvalue()
    before, end = content(eager, account), "zip" if zipped else "csv"
    eager.drop(account, f"list.check.{end}", data, action)
    checked = eager.settled(account, f"list.check.{end}", action)
    assert (checked.state, checked.result["dry_run"]) == ("ok", True)
    assert content(eager, account) == before
    eager.drop(account, f"list.{end}", data, action)
    applied = eager.settled(
        account, f"list.{end}", action, nth=2 if (action, end) == ("import", "csv") else 1
    )
    assert (applied.state, applied.result["dry_run"]) == ("ok", False)
    assert content(eager, account) != before
    compared = (*COUNTS, "list", "mode")
    assert [checked.result[key] for key in compared] == [applied.result[key] for key in compared]


def test_the_answer_says_that_it_was_only_a_check(eager: Program) -> None:
    """Verdict first, in the account's language; the last sentence says how to apply the file."""
    eager.add_account("words", language="en")
    eager.drop("words", "good.check.csv", people(1))
    message = eager.settled("words", "good.check.csv").result["message"]
    assert message.startswith("Check passed: this file would be applied. This was only a check:")
    eager.drop("words", "bad.check.csv", b"Nothing\nx\n")
    bad = eager.settled("words", "bad.check.csv")
    assert (bad.state, bad.result["reason"]) == ("ko", "no_known_column")
    assert bad.result["message"].startswith("Check done: this file would be refused. No column is")
    assert bad.result["message"].endswith('without ".check" in its name.')


def test_a_correction_of_a_checks_rejected_file_is_only_checked_too(eager: Program) -> None:
    """Nothing of it was applied, so its missing rows must not be either."""
    eager.add_account("corrected")
    eager.drop("corrected", "list.check.csv", people(2) + b"R9;no;address;\n")
    checked = eager.settled("corrected", "list.check.csv")
    rejected = checked.beside(".rejected.csv")
    eager.drop("corrected", rejected.name, rejected.read_bytes().replace(b"address", b"nine@example.com"))
    again = eager.settled("corrected", rejected.name)
    assert again.result["dry_run"] is True
    assert eager.contacts("corrected") == []


def test_a_check_is_no_earlier_deposit_and_sees_one(eager: Program) -> None:
    """A checked opt-in that was applied before would be refused; a check repeats nothing."""
    eager.add_account("again")
    data = b"Email\np1@example.com\n"
    for number in (1, 2):
        eager.drop("again", "yes.check.csv", data, "optinEMAIL")
        assert eager.settled("again", "yes.check.csv", "optinEMAIL", nth=number).state == "ok"
    eager.drop("again", "yes.csv", data, "optinEMAIL")
    assert eager.settled("again", "yes.csv", "optinEMAIL").state == "ok"
    eager.drop("again", "yes.check.csv", data, "optinEMAIL")
    assert eager.settled("again", "yes.check.csv", "optinEMAIL", nth=3).result["reason"] == "repeated_file"


def test_history_show_and_status_distinguish_it(eager: Program) -> None:
    """`status` does not count it as applied today."""
    eager.add_account("shown")
    eager.drop("shown", "list.check.csv", people(1))
    eager.settled("shown", "list.check.csv")
    assert "ok (check)" in cli(eager, "history", "--account", "shown").stdout
    (row,) = json.loads(cli(eager, "history", "--account", "shown", "--json").stdout)
    assert row["dry_run"] is True
    assert "only checked, would be applied" in cli(eager, "show", row["deposit_id"]).stdout
    found = json.loads(cli(eager, "status", "--json").stdout)["accounts"]
    assert [each["ok_today"] for each in found if each["account"] == "shown"] == [0]


def test_metrics_count_it_apart(watched: Watched) -> None:
    """`contactsync_checks_total` alone; neither deposits nor rows count."""
    watched.add_account("acme")
    with watched:
        watched.drop("acme", "list.check.csv", people(1))
        assert watched.settled("acme", "list.check.csv").state == "ok"
        watched.until(
            lambda: watched.value("checks_total", action="import", state="ok") == 1, "it is counted"
        )
        assert watched.value("rows_total", action="import", result="applied") == 0
        assert watched.logged("deposit.settled")[0]["dry_run"] is True
