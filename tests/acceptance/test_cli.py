"""The command line as ops use it: the real program in a process of its own, against a real database."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from contactsync.domain import names

DAEMON = Path(__file__).parents[2] / "daemon"
GOOD = "Référence ;Nom;Email;Mobile;\nA1;LEFÈVRE ;h@example.org ;336 90 12 34 56\nA2;GOFF;y@example.org;\nA3;X;no;\n"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def bare(tmp_path: Path) -> Run:
    """Run `contactsync` with these arguments and no database; output is captured."""

    def run(*arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("CONTACTSYNC_")}
        given = {"PYTHONPATH": str(DAEMON), "CONTACTSYNC_FTP_ROOT": str(tmp_path / "ftp")}
        return subprocess.run(
            [sys.executable, "-m", "contactsync", *map(str, arguments)],
            env={**clean, **given, "CONTACTSYNC_DATA_DIR": str(tmp_path / "data"), **env},
            cwd=tmp_path,
            text=True,
            capture_output=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def contactsync(bare: Run, database_url: str) -> Run:
    """Run `contactsync` on the test's database."""
    return lambda *arguments: bare(*arguments, CONTACTSYNC_DATABASE_URL=database_url)


@pytest.fixture
def acme(conn: psycopg.Connection[Any]) -> int:
    """An account `acme` without a criterion, whose uploaders speak English."""
    row = conn.execute(
        "INSERT INTO contactsync.account (name, language) VALUES ('acme', 'en') RETURNING account_id"
    ).fetchone()
    assert row
    return int(row[0])


def test_help_is_quick_and_imports_no_heavy_library(bare: Run) -> None:
    """`--help` pays for typer and rich, not for what the commands need."""
    code = (
        "import sys; sys.argv = ['contactsync', '--help']\n"
        "from contactsync.__main__ import main\n"
        "try: main()\n"
        "finally: print([m for m in ('pandas', 'pyarrow', 'psycopg', 'pydantic', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(DAEMON)},
        text=True,
        capture_output=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
    for command in ("run", "demo", "migrate", "init", "account", "check", "status", "history"):
        assert command in done.stdout
    assert bare("--version").stdout == "contactsync 0.1.0\n"


def test_every_problem_of_the_settings_at_once(bare: Run, tmp_path: Path) -> None:
    """Unknown keys and bad values: exit status 2, each on a line; `--config` may stand after the command."""
    config = tmp_path / "c.toml"
    config.write_text('ftp_rot = "/x"\nworkers = 0\n')
    done = bare("account", "list", "--config", config)
    assert done.returncode == 2
    assert "ftp_rot" in done.stderr
    assert "workers" in done.stderr
    assert "Traceback" not in done.stderr
    assert bare("--config", tmp_path / "none.toml", "status").returncode == 2
    assert bare("account", "list", "--config").returncode == 2


def test_database_that_is_away_or_not_migrated(bare: Run, server_url: str, tmp_path: Path) -> None:
    """Away: 1 with a word. Without the schema: 2, and the sentence names the fix. A bad URL: 2."""
    away = {"CONTACTSYNC_DATABASE_URL": "postgresql://127.0.0.1:1/x"}
    done = bare("account", "list", **away)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "unreachable" in done.stderr
    shown = bare("status", "--json", **away)
    assert shown.returncode == 1
    assert json.loads(shown.stdout)["database"]["reachable"] is False
    done = bare(
        "history", CONTACTSYNC_DATABASE_URL=psycopg.conninfo.make_conninfo(server_url, dbname="template1")
    )
    assert done.returncode == 2
    assert "contactsync migrate" in done.stderr
    done = bare("history", CONTACTSYNC_DATABASE_URL="secret nonsense")
    assert done.returncode == 2
    assert "secret" not in done.stderr


def test_account_add_set_list_show(contactsync: Run, conn: psycopg.Connection[Any]) -> None:
    """Columns are written as given; what is not named keeps its value; each change is a new revision."""
    done = contactsync(
        *("account", "add", "acme", "--dedup", "reference", "--separator", r"\t", "--label", "3=Magasin"),
        *("--region", "be", "--home", "/srv/x/acme"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    again = contactsync("account", "add", "acme")
    assert again.returncode == 1
    assert "account set acme" in again.stderr
    assert contactsync("account", "set", "acme", "--label", "4=Taille", "--home", "").returncode == 0
    shown = json.loads(contactsync("account", "show", "acme", "--json").stdout)
    assert shown["separator"] == "\t"
    assert shown["region"] == "BE"
    assert shown["home"] is None
    assert shown["field_labels"][2:5] == ["Magasin", "Taille", None]
    assert shown["revision"] == 2
    assert [each["name"] for each in json.loads(contactsync("account", "list", "--json").stdout)] == ["acme"]
    listed = contactsync("account", "list").stdout.splitlines()
    assert listed[1].split()[:4] == ["acme", "reference", r"\t", "auto"]
    unknown = contactsync("account", "set", "nobody", "--language", "en")
    assert unknown.returncode == 1
    assert "acme" in unknown.stderr
    assert contactsync("account", "set", "acme").returncode == 2
    assert "3=Magasin" in contactsync("account", "show", "acme").stdout


def test_bad_values_are_told_all_at_once(
    contactsync: Run, acme: int, conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    """Every problem has its line, and nothing is written."""
    bad = (
        *("--separator", "#", "--dedup", "email", "--region", "XX", "--time-zone", "Paris", "--home", "x"),
        *("--unix-user", "acme", "--label", "16=A", "--label", "1=Email", "--language", "de"),
    )
    done = contactsync("account", "add", "_x", *bad)
    assert done.returncode == 2
    assert "'_x'" in done.stderr
    assert len(done.stderr.splitlines()) == 9
    done = contactsync("account", "set", "acme", *bad)
    assert done.returncode == 2
    for word in ("separator", "dedup", "region", "time-zone", "home", "unix-user", "16=A", "language"):
        assert word in done.stderr, word
    clash = contactsync("account", "set", "acme", "--label", "1=Email", "--label", "2=Taille")
    assert "standard column" in clash.stderr
    shared = contactsync("account", "add", "other", "--home", tmp_path / "shared")
    assert shared.returncode == 0
    row = conn.execute("SELECT revision FROM contactsync.account WHERE name = 'acme'").fetchone()
    assert row == (1,)
    taken = contactsync("account", "add", "third", "--home", tmp_path / "shared")
    assert taken.returncode == 2
    assert "home of account other" in taken.stderr


def test_a_new_criterion_gives_contacts_their_keys(
    contactsync: Run, acme: int, conn: psycopg.Connection[Any]
) -> None:
    """Keys are what the daemon makes of a row; where two contacts would become one, nothing changes."""

    def keys() -> list[Any]:
        found = conn.execute("SELECT identity FROM contactsync.contact ORDER BY contact_id").fetchall()
        return [row[0] for row in found]

    insert = "INSERT INTO contactsync.contact (account_id, email, phone, mobile, reference) VALUES (%s, %s, %s, %s, %s)"
    with conn.cursor() as cursor:
        cursor.executemany(
            insert,
            [
                (acme, "a@example.org", "+33299415263", "+33690123456", "x@example.org||"),
                (acme, "x@example.org", None, None, "R2"),
                (acme, None, None, "+33690123457", None),
                (acme, "l@example.org", None, None, "é" * 256),
            ],
        )
    assert contactsync("account", "set", "acme", "--dedup", "reference").returncode == 0
    assert keys() == ["x@example.org||", "R2", None, None]
    # The old key of the first is the new one of the second.
    done = contactsync("account", "set", "acme", "--dedup", "triplet")
    assert (done.returncode, done.stderr) == (0, "")
    triplets = [
        "a@example.org|+33299415263|+33690123456",
        *("x@example.org||", "||+33690123457", "l@example.org||"),
    ]
    assert keys() == triplets
    conn.execute("UPDATE contactsync.contact SET reference = 'R2'")
    refused = contactsync("account", "set", "acme", "--dedup", "reference", "--language", "fr")
    assert refused.returncode == 1
    assert "contacts " in refused.stderr
    assert "R2" not in refused.stderr
    assert keys() == triplets
    row = conn.execute("SELECT revision, dedup, language FROM contactsync.account").fetchone()
    assert row == (3, "triplet", "en")
    assert contactsync("account", "set", "acme", "--dedup", "none").returncode == 0
    assert keys() == [None] * 4


def test_init_makes_the_tree(contactsync: Run, acme: int, tmp_path: Path) -> None:
    """Modes are those of docs/ftp-facts.md; a second time changes nothing; a link below the home is not followed."""
    assert contactsync("init").returncode == 0
    home = tmp_path / "ftp/acme"
    modes = {
        "": 0o751,
        "contacts": 0o2750,
        "contacts/import": 0o3770,
        "contacts/delete": 0o2750,
        "contacts/optoutVOICEMAIL/in": 0o2770,
        "contacts/import/ko": 0o2750,
        "reporting": 0o2750,
    }
    for path, mode in modes.items():
        assert stat.S_IMODE((home / path).stat().st_mode) == mode, path
    assert len(list(home.rglob("*"))) == 2 + 10 + 40
    (home / "contacts/import/in").chmod(0o700)
    again = contactsync("init", "acme")
    assert "all folders exist" in again.stdout
    assert stat.S_IMODE((home / "contacts/import/in").stat().st_mode) == 0o700
    (home / "reporting").rmdir()
    (home / "reporting").symlink_to(tmp_path)
    linked = contactsync("init", "acme")
    assert linked.returncode == 2
    assert "reporting is not a folder" in linked.stderr
    assert contactsync("init", "nobody").returncode == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="owners change as root only")
def test_init_gives_owners_where_the_account_names_them(
    contactsync: Run, acme: int, conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    """The home is root's, the group the account's; modes of what was there are mended."""
    home = tmp_path / "ftp/acme"
    (home / "contacts/import/in").mkdir(parents=True, mode=0o700)
    conn.execute("UPDATE contactsync.account SET unix_user = 'nobody', unix_group = 'nogroup'")
    assert contactsync("init").returncode == 0
    for path, mode in (("", 0o751), ("contacts/import/in", 0o2770), ("contacts/import", 0o3770)):
        found = (home / path).stat()
        assert stat.S_IMODE(found.st_mode) == mode
        assert (home / path).group() == "nogroup"
    assert home.owner() == "root"
    conn.execute("UPDATE contactsync.account SET unix_user = 'no_such_user'")
    done = contactsync("init")
    assert done.returncode == 2
    assert "no_such_user" in done.stderr


def test_check_tells_what_would_happen(contactsync: Run, acme: int, tmp_path: Path) -> None:
    """A file that would be applied: its counts, list and rejected rows, and each row's fate."""
    file = tmp_path / "1447797847_my list.csv"
    file.write_bytes(GOOD.encode("latin-1"))
    done = contactsync("check", file, "--account", "acme", "--rows")
    assert done.returncode == 0, done.stderr
    assert "would be applied" in done.stdout
    assert "this file would be applied, except 1 row" in done.stdout
    assert "'my list'" in done.stdout
    assert done.stdout.splitlines()[:2] == ["line 2  ok", "line 3  ok"]
    told = json.loads(contactsync("check", file, "--account", "acme", "--json", "--rows").stdout)
    assert (told["state"], told["reason"], told["rows_read"], told["rows_rejected"]) == ("ok", None, 3, 1)
    (error,) = told["errors"]
    assert (error["line"], error["column"], error["code"]) == (4, "Email", "invalid_email")
    assert error["message"].startswith("E-mail address not valid: write one address only")
    assert [row["state"] for row in told["rows"]] == ["ok", "ok", "rejected"]
    assert "no_criterion" in contactsync("check", file, "--account", "acme", "--action", "delete").stdout
    assert contactsync("check", file, "--account", "acme", "--action", "optout").returncode == 2
    assert contactsync("check", tmp_path / "none.csv", "--account", "acme").returncode == 2


def test_check_tells_why_a_file_would_be_refused(contactsync: Run, acme: int, tmp_path: Path) -> None:
    """Exit status 1, the sentence, and every bad line; what is no plain file is refused as the daemon does."""
    bad = tmp_path / "bad.csv"
    bad.write_text("Email;Nom\na@example.org;A;B\nb@example.org\n")
    done = contactsync("check", bad, "--account", "acme")
    assert done.returncode == 1
    assert "would be refused (too_many_fields)" in done.stdout
    assert "line 3: Fewer cells than headers: complete the row" in done.stdout
    link, none_valid = tmp_path / "link.csv", tmp_path / "none_valid.csv"
    link.symlink_to(bad)
    none_valid.write_text("Email\n" + "no\n" * 150)
    for file, code, lines in ((link, "not_a_file", 0), (none_valid, "no_valid_row", 150)):
        done = contactsync("check", file, "--account", "acme", "--json")
        told = json.loads(done.stdout)
        assert (done.returncode, told["state"], told["reason"], len(told["errors"])) == (1, "ko", code, lines)


def test_status_and_history(
    contactsync: Run, acme: int, conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    """Status counts what waits, is in work and was settled today; history lists the ledger, newest first."""
    incoming = tmp_path / "ftp/acme/contacts/import/in"
    incoming.mkdir(parents=True)
    for name in ("a.csv", "b.csv", "c.part", ".addToExistingList"):
        (incoming / name).touch()
    name = b"li\nst.csv"
    for state, reason in (("ok", None), ("ko", "empty_file"), ("on", None)):
        conn.execute(
            "INSERT INTO contactsync.deposit (account_id, action, name, name_bytes, claimed_name, claimed_bytes,"
            " deposited_at, claimed_at, size_bytes, state, reason, attempts, finished_at)"
            " VALUES (%(id)s, 'import', %(text)s, %(name)s, %(text)s, %(name)s || %(state)s::text::bytea, now(),"
            " now(), 1, %(state)s, %(reason)s, 2, CASE WHEN %(state)s <> 'on' THEN now() END)",
            {"id": acme, "name": name, "text": names.as_text(name), "state": state, "reason": reason},
        )
    told = json.loads(contactsync("status", "--json").stdout)
    assert told["database"]["reachable"] is True
    assert told["database"]["schema"] is not None
    [account] = told["accounts"]
    counts = {key: account[key] for key in ("waiting", "in_work", "attempts", "ok_today", "ko_today")}
    assert counts == {"waiting": 2, "in_work": 1, "attempts": 2, "ok_today": 1, "ko_today": 1}
    assert account["last_refused"]["reason"] == "empty_file"
    assert account["folders"].startswith("missing")
    assert "empty_file: li\\nst.csv" in contactsync("status").stdout
    rows = json.loads(contactsync("history", "--json").stdout)
    assert [row["state"] for row in rows] == ["on", "ko", "ok"]
    assert rows[0]["file"] == r"li\nst.csv"
    only = contactsync("history", "--account", "acme", "--state", "ko", "--action", "import", "--limit", "1")
    assert len(only.stdout.splitlines()) == 2
    wrong = contactsync("history", "--state", "gone", "--action", "x")
    assert wrong.returncode == 2
    assert len(wrong.stderr.splitlines()) == 2


def test_history_finds(contactsync: Run, acme: int, conn: psycopg.Connection[Any]) -> None:
    """By reason, by name with or without its stamp, by the account's day; what is no such thing is told at once."""
    given = [
        ("list_a.csv", "100_list_a.csv", "ko", "empty_file", "2026-03-01 22:59:59+00"),
        ("list%b.csv", "101_list%b.csv", "ok", None, "2026-03-01 23:00:00+00"),  # midnight in Paris
        ("other.csv", "102_other.csv", "ko", "no_rows", "2026-03-02 12:00:00+00"),
    ]
    for name, claimed, state, reason, when in given:
        conn.execute(
            "INSERT INTO contactsync.deposit (account_id, action, name, name_bytes, claimed_name, claimed_bytes,"
            " deposited_at, claimed_at, size_bytes, state, reason)"
            " VALUES (%s, 'import', %s, %s, %s, %s, %s, now(), 1, %s, %s)",
            (acme, name, name.encode(), claimed, claimed.encode(), when, state, reason),
        )

    def found(*options: str) -> list[str]:
        done = contactsync("history", "--json", *options)
        assert done.returncode == 0, done.stderr
        return [row["file"] for row in json.loads(done.stdout)]

    assert found() == ["other.csv", "list%b.csv", "list_a.csv"]
    assert found("--reason", "empty_file") == ["list_a.csv"]
    assert found("--name", "list*") == ["list%b.csv", "list_a.csv"]
    assert found("--name", "list_a.csv") == ["list_a.csv"]
    assert found("--name", "list_b.csv") == []
    assert found("--name", "list?b.csv") == ["list%b.csv"]
    assert found("--name", "101_*") == ["list%b.csv"]
    assert found("--day", "2026-03-01") == ["list_a.csv"]
    assert found("--day", "2026-03-02", "--state", "ok") == ["list%b.csv"]
    assert found("--since", "2026-03-02") == ["other.csv", "list%b.csv"]
    wrong = contactsync("history", "--day", "yesterday", "--since", "x", "--reason", "bad", "--state", "gone")
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 4)
    assert "no such deposit" in contactsync("history", "--state", "on").stderr


def test_config_show(bare: Run, tmp_path: Path) -> None:
    """Each key once, with its value as the file would have it and where it came from; no password anywhere."""
    file = tmp_path / "c.toml"
    file.write_text("workers = 7\n")
    url = "postgresql://u:geheim@h/x"
    done = bare("config", "show", "--config", file, CONTACTSYNC_DATABASE_URL=url)
    assert (done.returncode, done.stderr) == (0, "")
    rows = {line.split()[0]: line.split(maxsplit=1)[1] for line in done.stdout.splitlines()}
    assert rows["workers"].split() == ["7", str(file)]
    assert rows["grace_seconds"].split() == ["120", "default"]
    assert rows["database_url"].split() == ['"postgresql://u:********@h/x"', "CONTACTSYNC_DATABASE_URL"]
    assert "geheim" not in done.stdout
    told = json.loads(bare("config", "show", "--json", "--config", file, CONTACTSYNC_DATABASE_URL=url).stdout)
    assert next(row for row in told if row["key"] == "workers") == {
        "key": "workers",
        "value": 7,
        "from": str(file),
    }


def test_migrate_and_run_once_on_the_embedded_database(bare: Run, tmp_path: Path) -> None:
    """Without `database_url` the commands bring their own PostgreSQL, migrated."""
    assert bare("migrate").stdout.startswith("applied 0001")
    assert bare("account", "add", "acme").returncode == 0
    assert bare("init").returncode == 0
    assert bare("migrate").stdout == "up to date\n"
