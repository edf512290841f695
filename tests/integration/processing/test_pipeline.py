"""One deposit from `in/` to `ok/` or `ko/`: the ledger, refusals, restarts, and what is nobody's fault."""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from contactsync.database import ledger
from contactsync.database.connection import connect
from contactsync.domain.deposit import ACTIONS, Claimed
from contactsync.domain.errors import DatabaseAway, FileRefused, Retryable
from contactsync.intake.upload_queue import UploadQueue
from contactsync.processing import pipeline, result_json
from contactsync.processing.pipeline import Pipeline, Rules
from contactsync.processing.result_json import Subject
from contactsync.reading.findings import Findings
from contactsync.spool import spool

from .conftest import MAX_BYTES, Site

A, B = "a@example-mail.fr", "b@example-mail.fr"
GOOD = f"Email\n{A}\n"
IMPORT = ACTIONS["import"]
Logged = Callable[[], list[dict[str, Any]]]


def everything(site: Site) -> list[list[tuple[Any, ...]]]:
    """All that a file may change, but for the ledger."""
    tables = ("contact", "contact_list", "list_member", "opt_out", "consent_event")
    return [site.rows(f"SELECT t::text FROM contactsync.{table} AS t ORDER BY 1") for table in tables]


# --- the ledger and the result ---------------------------------------------------------------------------------------


def test_the_ledger_tells_all_of_a_deposit(site: Site) -> None:
    """Names, dates, size, hash, state and counts; the result says the same."""
    data = f"Email\n{A}\nnonsense\n"
    path = site.drop(data, "é.csv")
    changed_at = path.stat().st_ctime
    (row,) = site.work()
    told = site.result(row)
    assert row["claimed_name"] == f"{int(changed_at)}_é.csv"
    assert abs(row["deposited_at"].timestamp() - changed_at) < 1e-3
    assert {key: row[key] for key in ("action", "name", "state", "reason", "size_bytes", "attempts", "mode")} == {
        "action": "import", "name": "é.csv", "state": "ok", "reason": None, "size_bytes": len(data), "attempts": 1,
        "mode": 1,
    }  # fmt: skip
    assert bytes(row["name_bytes"]) == "é.csv".encode()
    assert row["sha256"] == hashlib.sha256(data.encode()).hexdigest()
    for key in ("rows_read", "rows_applied", "rows_rejected", "inserted", "updated", "unchanged", "removed"):
        assert told[key] == row[key]
    assert datetime.fromisoformat(told["finished_at"]) == row["finished_at"]
    assert row["result"] == told
    (error,) = told["errors"]
    assert (error["line"], error["column"], error["code"]) == (3, "Email", "invalid_email")
    assert error["message"].startswith("Adresse e-mail non valide")
    assert site.boxes()["ok"] == ["é.csv", "é.csv.rejected.csv", "é.csv.result.json"]


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
    (line,) = (entry for entry in logged() if entry["event"] == "deposit.settled")
    assert line["file"] == "a\\n\\x1b.csv"
    keys = (
        "account action deposit_id file state reason rows_read rows_applied rows_rejected inserted updated unchanged "
        "removed queued_ms duration_ms"
    )
    assert set(keys.split()) <= line.keys()
    text = json.dumps(logged(), default=str)
    assert not any(value in text for value in (A, "Dupont", "nonsense", "Durand"))


def test_result_files_can_be_turned_off(site: Site) -> None:
    """Then only the deposit itself is moved, and the ledger still tells all."""
    site.pipeline.rules = replace(site.pipeline.rules, result_files=False)
    site.apply(f"Email\n{A}\nnonsense\n")
    row = site.apply("Email\nnonsense\n", name="bad.csv")
    assert (site.boxes()["ok"], site.boxes()["ko"]) == (["list.csv"], ["bad.csv"])
    assert row["result"]["reason"] == "no_valid_row"


def test_only_deposits_are_taken(site: Site) -> None:
    """Ignored names and folders stay where they are."""
    (site.folder(box="in") / ".hidden").touch()
    (site.folder(box="in") / "sub").mkdir()
    assert site.work() == []
    assert site.boxes()["in"] == [".hidden", "sub"]


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "empty_file"),
        ("Email\n", "no_rows"),
        ("Email\nnonsense\n", "no_valid_row"),
        ("foo\n1\n", "no_known_column"),
        ("Email,Nom\na,b\n", "wrong_separator"),
        ("Nom\nx\n", "missing_column"),
        (f"Email;Nom\n{A};x\n{B}\n", "too_few_fields"),
        (f"Email\n{A}\n{B};x\n", "too_many_fields"),
        (f'Email\n{A}\n"{B}\n', "unterminated_quote"),
        (f'Email\n{A}\n"x"{B}\n', "text_after_quote"),
        (f"Email\n{A}\n\0\n", "nul_byte"),
        ("Email\n" * 10 + "x" * MAX_BYTES, "file_too_large"),
    ],
)
def test_a_refused_file_leaves_nothing(site: Site, content: str, reason: str) -> None:
    """It lies in `ko/` with its result, whatever good rows it had; nothing else has changed."""
    site.apply(f"Email;Nom\n{B};x\n", name="before.csv")
    before = everything(site)
    row = site.apply(content)
    assert (row["state"], row["reason"], row["attempts"]) == ("ko", reason, 1)
    assert everything(site) == before
    told = site.result(row)
    assert (told["state"], told["reason"]) == ("ko", reason)
    assert told["message"]
    assert told["rows_applied"] == told["inserted"] == 0
    kept = [
        "list.csv",
        *(["list.csv.rejected.csv"] if reason == "no_valid_row" else []),
        "list.csv.result.json",
    ]
    assert site.boxes() | {"ok": []} == {"in": [], "on": [], "ok": [], "ko": kept}
    assert (site.folder(box="ko") / row["claimed_name"]).read_bytes() == content.encode()


def test_every_bad_line_is_listed_up_to_a_hundred(site: Site) -> None:
    """By physical line; no row is rejected one by one in a file that is refused."""
    row = site.apply(f"Email;Nom\n{A};x\nnonsense;x\n" + f"{A}\n" * 150)
    told = site.result(row)
    assert [error["line"] for error in told["errors"]] == list(range(4, 104))
    assert "150" in told["message"]
    assert (row["rows_read"], row["rows_rejected"]) == (0, 0)


def test_an_account_can_have_ragged_rows_skipped(site: Site) -> None:
    """Then they are rejected like others, in order of the file, and come back in the rejected file."""
    site.set(syntax_errors="skip", language="en")
    row = site.apply(f"Email;Nom\n{A};x\n{B}\nnonsense;x\n{B};x;y\n")
    assert (row["state"], row["rows_read"], row["rows_applied"], row["rows_rejected"]) == ("ok", 4, 1, 3)
    (path,) = site.folder(box="ok").glob("*.rejected.csv")
    assert path.read_text() == (
        f"Email;Nom;Ligne;Motif\n{B};;3;Fewer cells than headers\nnonsense;x;4;The email is not valid\n"
        f"{B};x;y;5;More cells than headers\n"
    )


def test_skipping_ragged_rows_does_not_forgive_bad_quotes(site: Site) -> None:
    """Other errors of structure still refuse the file."""
    site.set(syntax_errors="skip")
    row = site.apply(f'Email;Nom\n{A};x\n{B}\n{B};"x"y\n')
    assert (row["state"], row["reason"]) == ("ko", "text_after_quote")


def test_a_link_is_refused_and_not_followed(site: Site) -> None:
    """Its target is not read, and it lies in `ko/` as it is."""
    (site.folder(box="in") / "list.csv").symlink_to("/etc/passwd")
    (row,) = site.work()
    assert (row["state"], row["reason"], row["sha256"]) == ("ko", "not_a_file", None)
    assert (site.folder(box="ko") / row["claimed_name"]).is_symlink()


def test_what_the_database_refuses_refuses_the_file(site: Site, logged: Logged) -> None:
    """SQLSTATE 23xxx is the file's fault: nothing applied, and no value anywhere but in the file."""
    site.conn.execute("ALTER TABLE contactsync.contact ADD CONSTRAINT x CHECK (city <> 'Atlantis')")
    try:
        row = site.apply(f"Email;Ville\n{A};Brest\n{B};Atlantis\n")
    finally:
        site.conn.execute("ALTER TABLE contactsync.contact DROP CONSTRAINT x")
    assert (row["state"], row["reason"]) == ("ko", "database_refused")
    assert site.contacts("email") == []
    told = json.dumps(row, default=str) + json.dumps(site.result(row)) + json.dumps(logged(), default=str)
    assert "23514" in told
    assert not any(value in told for value in ("Atlantis", "Brest", A, B))
    assert site.apply(GOOD)["state"] == "ok"


def test_a_value_that_no_date_can_be_is_not_the_databases_business(site: Site) -> None:
    """The extremes of what is accepted fit their columns."""
    row = site.apply(f"Email;Date de naissance\n{A};1/1/0001\n{B};31/12/9999\n")
    assert (row["state"], row["inserted"]) == ("ok", 2)


# --- what is nobody's fault --------------------------------------------------------------------------------------------


def test_settings_that_change_meanwhile_make_it_start_again(site: Site) -> None:
    """Validated under one revision, applied under no other; the next step uses the new settings."""
    old = site.account
    site.set(dedup="reference")
    site.drop(f"Référence;Email\nR;{A}\nR;{B}\n")
    with pytest.raises(Retryable):
        site.step(old)
    assert everything(site) == [[]] * 5
    assert site.boxes()["on"] == ["list.csv"]
    assert site.ledger()[0]["attempts"] == 0
    assert site.step() == 0.0
    assert [row["inserted"] for row in site.ledger()] == [1]


def test_settings_that_change_meanwhile_undo_a_refusal(site: Site) -> None:
    """What ops have just set right is not refused by what was set before."""
    old = site.account
    site.set(syntax_errors="skip")
    site.drop(f"Email;Nom\n{A}\n{B};B\n")
    with pytest.raises(Retryable):
        site.step(old)
    assert site.boxes()["on"] == ["list.csv"]
    assert site.step() == 0.0
    assert [(row["state"], row["rows_rejected"]) for row in site.ledger()] == [("ok", 1)]


def test_a_stopping_daemon_leaves_the_file_in_on(site: Site) -> None:
    """In good order: the attempt does not count, and the next process finishes it."""
    site.drop(GOOD)
    for _ in range(5):
        stopping = Pipeline(site.pipeline.session, site.pipeline.rules, lambda: True)
        with pytest.raises(Retryable):
            site.step(pipeline=stopping)
        assert (site.ledger()[0]["state"], site.ledger()[0]["attempts"]) == ("on", 0)
    site.work()
    assert [(row["state"], row["inserted"]) for row in site.ledger()] == [("ok", 1)]


@pytest.mark.parametrize("table", ["contact", "list_member", "deposit"])
def test_a_table_that_is_away_is_waited_for(site: Site, table: str) -> None:
    """A missing table (42P01) is ops' business: the deposit waits as long as it takes, and no try counts."""
    site.conn.execute(f"ALTER TABLE contactsync.{table} RENAME TO away")
    site.drop(GOOD)
    try:
        for _ in range(5):
            with pytest.raises(DatabaseAway):
                site.step()
    finally:
        site.conn.execute(f"ALTER TABLE contactsync.away RENAME TO {table}")
    assert sum(len(site.boxes()[box]) for box in ("in", "on")) == 1
    while site.step() is not None:
        pass
    assert [(row["state"], row["inserted"], row["attempts"]) for row in site.ledger()] == [("ok", 1, 1)]


def test_a_killed_backend_is_not_the_files_fault(site: Site) -> None:
    """A link that was cut while it was idle is made again before it is used."""
    site.apply(GOOD)
    site.conn.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    site.daemon = connect(site.url)  # the site's own died too
    site.drop(GOOD)
    assert site.step() == 0.0
    assert [row["state"] for row in site.ledger()] == ["ok", "ok"]


def test_attempts_of_several_workers_that_ended_in_good_order_do_not_count(site: Site) -> None:
    """Whoever takes the next attempt: a flapping database never makes poison."""
    site.drop(GOOD)
    old = replace(site.account, revision=0)
    for _ in range(6):
        with pytest.raises(Retryable):
            site.step(old, site.restarted())
    assert site.ledger()[0]["attempts"] == 0
    assert site.step() == 0.0
    assert site.ledger()[0]["state"] == "ok"


# --- several in one turn ------------------------------------------------------------------------------------------------


def turn(site: Site, seconds: float, worker: Pipeline | None = None) -> float | None:
    """A step that may take more than one deposit."""
    line = UploadQueue(settle_seconds=0, grace_seconds=0, rescan_seconds=1)
    with site.spool() as folders:
        return (worker or site.pipeline).step(site.account, line, folders, seconds=seconds)


def test_a_turn_takes_what_there_is_as_long_as_it_lasts(site: Site) -> None:
    """In order of deposit, also across actions; nothing is left in `on/`."""
    for number in range(4):
        site.drop(GOOD, f"{number}.csv")
        site.drop(f"Email\n{A}\n", f"{number}.csv", "optoutEMAIL")
    ended: list[None] = []
    worker = site.restarted()
    worker.progressed = lambda: ended.append(None)
    assert turn(site, 60, worker) is None
    assert len(ended) == 8  # `run --once` waits as long as there are such
    assert [row["name"] for row in site.ledger()] == [f"{n}.csv" for n in range(4) for _ in range(2)]
    assert {row["state"] for row in site.ledger()} == {"ok"}
    assert site.boxes()["on"] == []


def test_a_turn_that_is_over_ends_after_the_deposit_in_work(site: Site) -> None:
    """Others have theirs, and there is more to do."""
    for number in range(3):
        site.drop(GOOD, f"{number}.csv")
    assert turn(site, 0) == 0.0
    assert len(site.ledger()) == 1


def test_a_turn_ends_when_the_daemon_stops(site: Site) -> None:
    """What is in work is finished, nothing more is begun."""
    for number in range(3):
        site.drop(GOOD, f"{number}.csv")
    asked = iter([False, True])
    stopping = Pipeline(site.pipeline.session, site.pipeline.rules, lambda: next(asked))
    assert turn(site, 60, stopping) == 0.0
    assert [row["state"] for row in site.ledger()] == ["ok"]


def test_a_turn_goes_no_further_past_a_deposit_that_is_still_in_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another daemon has given the verdict: it is carried out before the next deposit is begun."""
    for number in range(2):
        site.drop(GOOD, f"{number}.csv")
    monkeypatch.setattr(pipeline, "ledger", SettledMeanwhile(site))
    assert turn(site, 60) == 0.0
    monkeypatch.undo()
    assert site.boxes()["on"] == ["0.csv"]
    assert turn(site, 60) == 0.0
    assert site.boxes()["on"] == []
    assert turn(site, 60) is None
    assert [row["state"] for row in site.ledger()] == ["ko", "ok"]


def test_a_deposit_that_another_daemon_finishes_meanwhile_is_not_applied(site: Site) -> None:
    """It does so while this one, which has read the file, waits for the account."""
    site.drop(GOOD)
    blocked = "SELECT pid FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
    with connect(site.url) as other, ThreadPoolExecutor(1) as threads:
        with other.transaction():
            other.execute("SELECT FROM contactsync.account FOR NO KEY UPDATE")
            step = threads.submit(site.step)
            deadline = time.monotonic() + 30
            while not site.conn.execute(blocked, [other.info.backend_pid]).fetchall():
                assert time.monotonic() < deadline
            other.execute("UPDATE contactsync.deposit SET state = 'ko', reason = 'vanished', result = '{}'")
        assert step.result() == 0.0
    assert site.contacts("email") == []
    assert [row["state"] for row in site.ledger()] == ["ko"]


class SettledMeanwhile:
    """The ledger's functions; once an attempt has begun, somebody else refuses the deposit."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __getattr__(self, name: str) -> Any:
        return getattr(ledger, name)

    def begin(self, *args: Any, **kwargs: Any) -> Any:
        attempt = ledger.begin(*args, **kwargs)
        assert attempt is not None
        subject = Subject(args[1], args[2], attempt.deposit_id, Findings())
        outcome, counts = result_json.refused(subject, FileRefused("vanished"))
        ledger.finish(self._site.daemon, args[1], outcome, counts)
        return attempt


# --- restarts: where the file is × what the ledger says ----------------------------------------------------------------


def claimed(site: Site, content: str = GOOD, *, admitted: bool = True) -> Claimed | bytes:
    """A file that a killed process left in `on/`, its copy made or not."""
    site.drop(content)
    with site.spool() as box:
        (incoming,) = box.incoming()
        name = box.claim(incoming, lambda _action, _name: False)
        assert name is not None
        return box.admit(IMPORT, name, incoming) if admitted else name


def begun(site: Site, deposit: Claimed, attempts: int = 1) -> None:
    """The ledger's row of so many attempts that were cut off."""
    for _ in range(attempts):
        assert ledger.begin(site.daemon, site.account, deposit, count=1)


@pytest.mark.parametrize("admitted", [False, True])
def test_in_on_without_a_row(site: Site, admitted: bool) -> None:
    """Killed between the claim and the ledger: copied again and applied once."""
    claimed(site, admitted=admitted)
    site.marker(".addToExistingList")
    (row,) = site.work()
    assert (row["state"], row["inserted"], row["attempts"], row["mode"]) == ("ok", 1, 1, 2)
    assert row["deposited_at"].timestamp() == int(row["claimed_name"].split("_")[0])
    assert site.boxes()["on"] == []


@pytest.mark.parametrize("attempts", [1, 2])
def test_in_on_with_an_unfinished_row(site: Site, attempts: int) -> None:
    """Killed at work: tried again, with the mode of its claim."""
    deposit = claimed(site)
    assert isinstance(deposit, Claimed)
    begun(site, deposit, attempts)
    site.marker(".syncExistingList")
    site.work()
    (row,) = site.ledger()
    assert (row["state"], row["inserted"], row["attempts"], row["mode"]) == ("ok", 1, attempts + 1, 1)


def test_a_file_on_which_the_process_died_three_times_is_poison(site: Site) -> None:
    """Not parsed a fourth time; it lies in `ko/` with its reason."""
    deposit = claimed(site)
    assert isinstance(deposit, Claimed)
    begun(site, deposit, 3)
    site.step(pipeline=site.restarted())
    (row,) = site.ledger()
    assert (row["state"], row["reason"]) == ("ko", "poison")
    assert "3" in site.result(row)["message"]
    assert everything(site) == [[]] * 5
    assert site.boxes()["ko"] == ["list.csv", "list.csv.result.json"]


@pytest.mark.parametrize("state", ["ok", "ko"])
@pytest.mark.parametrize("half", ["", "result.json", "moved"])
def test_in_on_with_a_finished_row(
    site: Site, monkeypatch: pytest.MonkeyPatch, state: str, half: str
) -> None:
    """Killed after the commit: only the files are moved, the result written again from the ledger, nothing applied twice."""
    content = f"Email\n{A}\n{B}\n" if state == "ok" else "Email\nnonsense\n"
    site.drop(content)
    real = spool.Spool.settle

    def killed(self: spool.Spool, *given: Any) -> None:
        if half == "moved":
            real(self, *given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(spool.Spool, "settle", killed)
        with pytest.raises(KeyboardInterrupt):
            site.step()
    (row,) = site.ledger()
    if half == "result.json":
        (site.folder(box=state) / f"{row['claimed_name']}.result.json").write_bytes(b'{"half')
    before = everything(site)
    while site.step(pipeline=site.restarted()) is not None:
        pass
    assert site.ledger() == [row]
    assert everything(site) == before
    assert site.result(row) == row["result"]
    assert site.boxes()["on"] == []
    rejected = ["list.csv.rejected.csv"] if state == "ko" else []
    assert site.boxes()[state] == ["list.csv", *rejected, "list.csv.result.json"]


@pytest.mark.parametrize("kind", ["link", "hard link", "too large"])
def test_a_refusal_survives_a_restart(site: Site, kind: str) -> None:
    """What is not copied is refused by what it is, not opened."""
    path = site.folder(box="in") / "list.csv"
    if kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "hard link":
        (site.root / "other").write_bytes(GOOD.encode())
        path.hardlink_to(site.root / "other")
    else:
        path.write_bytes(b"x" * (MAX_BYTES + 1))
    with site.spool() as box:
        (incoming,) = box.incoming()
        name = box.claim(incoming, lambda _action, _name: False)
        assert name is not None
        begun(site, box.admit(IMPORT, name, incoming))
    site.step(pipeline=site.restarted())
    (row,) = site.ledger()
    reason = {"link": "not_a_file", "hard link": "hard_link", "too large": "file_too_large"}[kind]
    assert (row["state"], row["reason"]) == ("ko", reason)


def test_a_file_that_is_gone_is_told_as_vanished(site: Site) -> None:
    """Somebody took it out of `on/`: the row is closed, not left open for ever, and it is told once."""
    deposit = claimed(site)
    assert isinstance(deposit, Claimed)
    begun(site, deposit)
    (site.folder(box="on") / os.fsdecode(deposit.claimed_name)).unlink()
    for _ in range(2):
        with site.spool() as box:
            site.pipeline.close_vanished(site.account, box)
    (row,) = site.ledger()
    assert (row["state"], row["reason"]) == ("ko", "vanished")
    assert site.apply(GOOD)["state"] == "ok"


def test_a_present_file_is_not_told_as_vanished(site: Site) -> None:
    """Burying looks before."""
    deposit = claimed(site)
    assert isinstance(deposit, Claimed)
    begun(site, deposit)
    with site.spool() as box:
        site.pipeline.close_vanished(site.account, box)
    assert site.ledger()[0]["state"] == "on"


def test_a_finished_row_whose_file_is_settled_needs_nothing(site: Site) -> None:
    """The normal end: nothing is left to do, and the ledger does not change."""
    row = site.apply(GOOD)
    assert site.step(pipeline=site.restarted()) is None
    assert site.ledger() == [row]


def test_a_commit_whose_answer_was_lost_is_not_applied_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection dies during COMMIT: the ledger is asked, and says that it is done."""
    site.drop(GOOD)
    real = ledger.finish

    def finish_and_lose(conn: Any, *given: Any, **named: Any) -> bool:
        done = real(conn, *given, **named)
        conn.pgconn.exec_(b"COMMIT")
        site.conn.execute("SELECT pg_terminate_backend(%s, 5000)", (conn.info.backend_pid,))
        return done

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "finish", finish_and_lose)
        with pytest.raises(DatabaseAway):
            site.step()
    assert site.boxes()["on"] == ["list.csv"]
    site.work()
    assert [(row["state"], row["attempts"]) for row in site.ledger()] == [("ok", 1)]
    assert site.contacts("email") == [(A,)]
    assert site.boxes()["ok"] == ["list.csv", "list.csv.result.json"]


def test_two_deposits_of_one_name_and_second_are_both_kept(site: Site) -> None:
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
    """Somebody put a file there in between: told, kept in `on/`, settled when it is moved away."""
    deposit = claimed(site)
    assert isinstance(deposit, Claimed)
    there = site.folder(box="ok") / os.fsdecode(deposit.claimed_name)
    there.write_bytes(b"other")
    for _ in range(2):
        with pytest.raises(Retryable):
            site.step()
    assert there.read_bytes() == b"other"
    there.unlink()
    site.work()
    assert site.boxes()["ok"] == ["list.csv", "list.csv.result.json"]
    assert site.contacts("email") == [(A,)]


def zipped(content: bytes) -> bytes:
    """A zip of one CSV."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", content)
    return out.getvalue()


def test_a_file_of_several_batches_is_one_file(site: Site) -> None:
    """Rows meet across batches, and lines are physical in the last one too."""
    site.set(dedup="reference")
    rows = [
        f"{n % 40_000};u{n % 40_000}@example-mail.fr;{'first' if n < 40_000 else 'second'}"
        for n in range(60_000)
    ]
    rows[59_000] = "x;nonsense;third"
    row = site.apply(
        zipped("\n".join(["Référence;Email;Ville", *rows, ""]).encode("latin-1")), name="big.zip"
    )
    assert (row["rows_read"], row["rows_applied"], row["rows_rejected"]) == (60_000, 59_999, 1)
    assert (row["inserted"], row["updated"], row["unchanged"]) == (40_000, 0, 0)
    assert site.rows("SELECT city, count(*) FROM contactsync.contact GROUP BY 1 ORDER BY 1") == [
        ("first", 20_001),
        ("second", 19_999),
    ]
    assert site.result(row)["errors"][0]["line"] == 59_002
    assert site.rows("SELECT count(*) FROM contactsync.list_member") == [(40_000,)]


def test_a_bad_line_in_the_last_batch_refuses_all_of_them(site: Site) -> None:
    """What was staged before is gone, and so is the rejected file in the making."""
    rows = [f"u{n}@example-mail.fr;some text to fill the line" for n in range(60_000)]
    rows[10] = "nonsense;x"
    rows[59_990] = "a;b;c"
    row = site.apply(zipped("\n".join(["Email;Ville", *rows, ""]).encode()), name="big.zip")
    assert (row["state"], row["reason"], site.result(row)["errors"][0]["line"]) == (
        "ko",
        "too_many_fields",
        59_992,
    )
    assert everything(site) == [[]] * 5
    assert site.boxes()["ko"] == ["big.zip", "big.zip.result.json"]
    assert site.boxes()["on"] == []


def test_a_zip_over_the_inflated_limit_is_refused(site: Site) -> None:
    """While it inflates, with nothing applied."""
    site.pipeline.rules = Rules(2 << 20, MAX_BYTES, result_files=True)
    row = site.apply(zipped(GOOD.encode() + b"\n" * (3 << 20)), name="list.zip")
    assert (row["state"], row["reason"]) == ("ko", "inflated_too_large")
    assert "2\u00a0Mo" in site.result(row)["message"]
