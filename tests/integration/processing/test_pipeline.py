"""One deposit from `in/` to `ok/`: its order, its names, its row in the ledger, its result and its line in the log."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from contactsync.domain.errors import Retryable
from tests.integration.processing.deposits import GOOD, A, B, Logged, admit

if TYPE_CHECKING:
    from tests.integration.conftest import Site


def test_the_ledger_and_the_result_describe_the_deposit(site: Site) -> None:
    """Names, dates, size, hash, state and counts; the result has the same."""
    data = f"Email\n{A}\nnonsense\n"
    path = site.drop(data, "é.csv")
    changed_at = path.stat().st_ctime
    (row,) = site.work()
    result = site.result(row)
    assert row["claimed_name"] == f"{int(changed_at)}_é.csv"
    assert abs(row["deposited_at"].timestamp() - changed_at) < 1e-3
    assert {key: row[key] for key in ("action", "name", "state", "reason", "size_bytes", "attempts", "mode")} == {
        "action": "import", "name": "é.csv", "state": "ok", "reason": None, "size_bytes": len(data), "attempts": 1,
        "mode": 1,
    }  # fmt: skip
    assert bytes(row["name_bytes"]) == "é.csv".encode()
    assert row["sha256"] == hashlib.sha256(data.encode()).hexdigest()
    for key in ("rows_read", "rows_applied", "rows_rejected", "inserted", "updated", "unchanged", "removed"):
        assert result[key] == row[key]
    assert datetime.fromisoformat(result["finished_at"]) == row["finished_at"]
    assert row["result"] == result
    (error,) = result["errors"]
    assert (error["line"], error["column"], error["code"]) == (3, "Email", "invalid_email")
    assert error["message"].startswith("Adresse e-mail non valide")
    assert site.boxes()["ok"] == [
        "é.csv",
        "é.csv.rejected.csv",
        "é.csv.result.html",
        "é.csv.result.json",
    ]


def test_a_name_that_is_not_utf8_keeps_its_bytes(site: Site) -> None:
    """On disk and in the ledger; its text is Windows-1252."""
    path = os.fsencode(site.folder(box="in")) + b"/\xe9\x80.csv"
    with open(path, "wb") as file:
        file.write(GOOD.encode())
    (row,) = site.work()
    assert (row["name"], bytes(row["name_bytes"])) == ("é€.csv", b"\xe9\x80.csv")
    assert site.members("é€") == [[A]]
    names = os.listdir(os.fsencode(site.folder(box="ok")))
    assert sorted(name.split(b"_", 1)[1] for name in names) == [b"\xe9\x80.csv", b"\xe9\x80.csv.result.json"]


def test_deposits_are_applied_in_their_order(site: Site) -> None:
    """Ids ascend with the deposit date, across folders."""
    first = site.drop(f"Email\n{A}\n", action="optoutEMAIL")
    while (
        second := site.drop(f"Email\n{A}\n", action="optinEMAIL")
    ).stat().st_ctime_ns <= first.stat().st_ctime_ns:
        second.unlink()
    assert [row["action"] for row in site.work()] == ["optoutEMAIL", "optinEMAIL"]
    assert site.rows("SELECT count(*) FROM contactsync.opt_out") == [(0,)]


def test_one_line_is_logged_for_a_deposit_and_holds_no_value(site: Site, logged: Logged) -> None:
    """The canonical line, with the file's name escaped."""
    site.drop(f"Email;Nom\n{A};Dupont\nnonsense;Durand\n", "a\n\x1b.csv")
    site.work()
    (settled,) = (entry for entry in logged() if entry["event"] == "deposit.settled")
    assert settled["file"] == "a\\n\\x1b.csv"
    keys = (
        "account action deposit_id file state reason rows_read rows_applied rows_rejected inserted updated unchanged "
        "removed queued_ms duration_ms"
    )
    assert set(keys.split()) <= settled.keys()
    text = json.dumps(logged(), default=str)
    assert not any(value in text for value in (A, "Dupont", "nonsense", "Durand"))


def test_result_files_can_be_turned_off(site: Site) -> None:
    """Then only the deposit itself is moved; the ledger still has the result."""
    site.pipeline.rules = replace(site.pipeline.rules, result_files=False)
    site.apply(f"Email\n{A}\nnonsense\n")
    row = site.apply("Email\nnonsense\n", name="bad.csv")
    assert (site.boxes()["ok"], site.boxes()["ko"]) == (["list.csv"], ["bad.csv"])
    assert row["result"]["reason"] == "no_valid_row"


def test_a_page_that_comes_back_is_no_list(site: Site) -> None:
    """It is refused for what it is, as result.json is."""
    row = site.apply("Email\nnonsense\n", name="bad.csv")
    page = (site.folder(box="ko") / f"{row['claimed_name']}.result.html").read_text(encoding="utf-8")
    again = site.apply(page, name="bad.csv.result.html")
    assert (again["state"], again["reason"]) == ("ko", "not_csv")
    assert "une page web" in again["result"]["message"]


def test_only_deposits_are_taken(site: Site) -> None:
    """Ignored names and folders stay where they are."""
    (site.folder(box="in") / ".hidden").touch()
    (site.folder(box="in") / "sub").mkdir()
    assert site.work() == []
    assert site.boxes()["in"] == [".hidden", "sub"]


def test_two_deposits_of_the_same_name_and_second_are_both_kept(site: Site) -> None:
    """The ledger knows a name even after its files were moved away by hand."""
    first = site.apply(GOOD)
    for path in site.folder(box="ok").iterdir():
        path.unlink()
    path = site.drop(f"Email\n{B}\n")
    stamp = int(path.stat().st_ctime)
    site.conn.execute(
        "UPDATE contactsync.deposit SET claimed_name = %s, claimed_bytes = %s",
        (f"{stamp}_list.csv", f"{stamp}_list.csv".encode()),
    )
    (second,) = site.work()
    assert second["claimed_name"] == f"{stamp + 1}_list.csv"
    assert second["deposit_id"] > first["deposit_id"]
    assert second["deposited_at"].timestamp() == stamp + 1


def test_a_name_that_is_taken_in_ok_waits_and_overwrites_nothing(site: Site) -> None:
    """Somebody put a file there: the deposit waits in `on/` and is settled once that file is moved away."""
    deposit = admit(site)
    other = site.folder(box="ok") / os.fsdecode(deposit.claimed_name)
    other.write_bytes(b"other")
    for _ in range(2):
        with pytest.raises(Retryable):
            site.step()
    assert other.read_bytes() == b"other"
    other.unlink()
    site.work()
    assert site.boxes()["ok"] == ["list.csv", "list.csv.result.json"]
    assert site.contacts("email") == [(A,)]
