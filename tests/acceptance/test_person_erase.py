"""`contactsync person erase`: one person, planted in every place that exists, is in none of them afterwards."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.commands import cli
from tests.acceptance.program import Program
from tests.acceptance.test_person import packed

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = "Référence;Nom;Email;Mobile;Téléphone;Remarque\n"
OTHER = "R1;Other;other@example.com;0600000001;0140000000;\n"
WANTED = "R2-77;Quetzal;quetzal@example.com;0612345678;0140000000;\n"

TRACES = (b"quetzal@example.com", b"612345678", b"6 12 34 56 78", b"Quetzal", b"R2-77")
"""What must be nowhere, in lower case or not."""


def plant(program: Program) -> None:
    """A list, a zip, rejected and ragged rows, refused files, consent, reactions, reports, and a second account."""
    program.add_account("acme", syntax_errors="skip")
    program.add_account("globex")
    settle = [
        ("list.csv", HEADER + OTHER + WANTED, "import"),
        ("change.csv", HEADER + WANTED.replace("Quetzal", "Quetzal-Bird"), "import"),
        ("check.check.csv", HEADER + OTHER + WANTED, "import"),
        ("rejects.csv", HEADER + OTHER + "R3;Quetzal;quetzal@example.com, x;;;\nR2-77;Quetzal\n", "import"),
        ("odd.csv", "Nothing\nQuetzal;quetzal@example.com\nother\n", "import"),
        ("quote.csv", HEADER + OTHER + 'R2-77;"Quetzal\n' + WANTED, "import"),
        ("stop.csv", "Email\nother@example.com\nquetzal@example.com\n", "optoutEMAIL"),
        ("sms.csv", "Mobile\n06 12 34 56 78\n0600000001\n", "optoutSMS"),
        ("back.csv", "Mobile\n0612345678\n", "optinSMS"),
    ]
    for name, text, action in settle:
        program.drop("acme", name, text.encode("latin-1"), action)
        program.settled("acme", name, action)
    program.drop("acme", "zipped.zip", packed(HEADER + OTHER + WANTED))
    program.settled("acme", "zipped.zip")
    program.drop("acme", "wide.csv", (HEADER + WANTED).encode("utf-16"))
    program.settled("acme", "wide.csv")
    program.drop("globex", "theirs.csv", (HEADER + OTHER + WANTED).encode("latin-1"))
    program.settled("globex", "theirs.csv")
    # A file that the ledger has forgotten.
    (program.box("acme", "ok") / "1_forgotten.csv").write_bytes((HEADER + WANTED).encode("latin-1"))
    program.rows(
        "INSERT INTO campaign (account_id, campaign_id, name, media, opened_on)"
        " SELECT account_id, 7, 'Soldes', '{EMAIL}', current_date - 2 FROM account WHERE name = 'acme' RETURNING 1"
    )
    program.rows(
        "SELECT record_reaction(c.account_id, 7, c.contact_id, 'EMAIL', kind, now() - interval '1 day')"
        " FROM contact AS c JOIN account USING (account_id), unnest('{clicked,optout}'::text[]) AS kind"
        " WHERE account.name = 'acme' AND c.reference IN ('R1', 'R2-77')"
    )
    (program.ftp / "acme" / "reporting").mkdir(exist_ok=True)
    for day in program.rows(
        "SELECT (now() - make_interval(days => n))::date::text AS day FROM generate_series(0, 1) AS n"
    ):
        assert cli(program, "report", "--account", "acme", "--day", day["day"]).returncode == 0


def everything(program: Program) -> Iterator[tuple[str, bytes]]:
    """Every file of the FTP tree, zips member by member, and every row of every table."""
    for path in sorted(program.ftp.rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if not data.startswith(b"PK"):
            yield str(path.relative_to(program.ftp)), data
        else:
            with zipfile.ZipFile(BytesIO(data)) as archive:
                yield from ((f"{path.name}/{name}", archive.read(name)) for name in archive.namelist())
    tables = program.rows(
        "SELECT relname AS name FROM pg_class WHERE relnamespace = 'contactsync'::regnamespace AND relkind = 'r'"
    )
    for table in tables:
        for row in program.rows(f"SELECT to_jsonb(t)::text AS row FROM {table['name']} AS t"):
            yield table["name"], row["row"].encode()


def traces(program: Program) -> set[str]:
    """The places that hold the person, whatever the encoding."""
    return {
        place
        for place, data in everything(program)
        if any(trace.lower() in data.replace(b"\0", b"").lower() for trace in TRACES)
    }


@pytest.fixture
def planted(tmp_path: Path, database_url: str) -> Iterator[Program]:
    with closing(Program(tmp_path / "p", database_url)) as program:
        with program:
            plant(program)
            assert len(traces(program)) >= 17
        yield program


def erase(program: Program, *options: str, **how: Any) -> dict[str, Any]:
    done = cli(program, "person", "erase", "--json", "--email", "Quetzal@example.com", *options, **how)
    assert done.returncode == 0, done.stderr + done.stdout
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_nothing_of_the_person_is_left_but_the_opt_outs(planted: Program) -> None:
    """In no file, zip, report or table. Other people keep everything, and a second run finds nothing."""
    before = {
        place for place, data in everything(planted) if b"other@example.com" in data.replace(b"\0", b"")
    }
    dry = erase(planted, "--dry-run")
    assert len(traces(planted)) >= 17
    done = erase(planted)
    assert traces(planted) == {"opt_out"}
    assert planted.rows("SELECT medium, address FROM opt_out WHERE address LIKE 'quetzal%%'") == [
        {"medium": "EMAIL", "address": "quetzal@example.com"}
    ]
    after = {place for place, data in everything(planted) if b"other@example.com" in data.replace(b"\0", b"")}
    assert after == before
    keys = ("contacts", "memberships", "reactions", "consent_events", "files")
    assert [[each[key] for key in keys] for each in done["accounts"]] == [
        [each[key] for key in keys] for each in dry["accounts"]
    ]
    acme, globex = done["accounts"]
    assert (acme["contacts"], acme["reactions"], globex["contacts"]) == (1, 2, 1)
    assert acme["reports"] >= 1
    assert [each["medium"] for each in acme["opt_outs_kept"]] == ["EMAIL"]
    entries = planted.rows("SELECT contacts, reactions, opt_outs_kept FROM erasure ORDER BY account_id")
    assert entries[0] == {"contacts": acme["contacts"], "reactions": 2, "opt_outs_kept": 1}
    again = erase(planted)
    assert {key: again["accounts"][0][key] for key in keys} == {**dict.fromkeys(keys, 0), "files": []}
    assert len(planted.rows("SELECT 1 FROM erasure")) == len(entries)


def test_a_replaced_file_keeps_owner_mode_and_time(planted: Program) -> None:
    (path,) = (each for each in planted.box("acme", "ok").iterdir() if each.name.endswith("_list.csv"))
    before = path.stat()
    erase(planted, "--account", "acme")
    after = path.stat()
    assert (after.st_uid, after.st_gid, after.st_mode, after.st_mtime_ns) == (
        before.st_uid, before.st_gid, before.st_mode, before.st_mtime_ns,
    )  # fmt: skip
    assert path.read_text("latin-1") == HEADER + OTHER


def test_what_cannot_be_searched_is_named(planted: Program) -> None:
    """Exit status 1, with the path: somebody must look at it. The rest is erased."""
    path = planted.box("acme", "ko") / "1_scan.pdf"
    path.write_bytes(b"%PDF-1.7 quetzal@example.com")
    done = cli(planted, "person", "erase", "--email", "quetzal@example.com")
    assert done.returncode == 1
    assert f"{path}: it cannot be searched: not_csv" in done.stdout
    assert traces(planted) == {"opt_out", str(path.relative_to(planted.ftp))}


def test_a_shared_telephone_erases_nobody_else(planted: Program) -> None:
    """The switchboard belongs to both contacts; by its own option it names both."""
    erase(planted)
    assert [each["last_name"] for each in planted.contacts("globex")] == ["Other"]
    done = cli(planted, "person", "erase", "--phone", "0140000000", "--account", "globex", "--dry-run")
    assert "1 contact(s)" in done.stdout


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("call", ["renameat", "fsync", "sendto"])
def test_a_killed_erasure_is_finished_by_the_next(planted: Program, call: str, tmp_path: Path) -> None:
    """Killed at its third such call, in the files or in the database: no file is lost or cut short."""
    count = sum(1 for _ in planted.box("acme", "ok").iterdir())
    inject = f"inject={call}:signal=SIGKILL:when=3"
    prefix = ("strace", "-f", "-o", str(tmp_path / "strace.log"), "-e", f"trace={call}", "-e", inject)
    done = cli(planted, "person", "erase", "--email", "quetzal@example.com", prefix=prefix)
    assert done.returncode == -9
    assert sum(1 for _ in planted.box("acme", "ok").iterdir()) == count
    erase(planted)
    assert traces(planted) == {"opt_out"}
    assert [name for name in os.listdir(planted.box("acme", "on")) if not name.startswith(".")] == []
