"""`account add`, `set`, `list` and `show`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg

from tests.acceptance.cli.command import Run


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


def test_an_account_may_map_its_own_headers(contactsync: Run, acme: int) -> None:
    """In the order of preference; `show` lists them, and what cannot be mapped is refused with its reason."""
    options = (
        "--separator",
        "auto",
        "--headers",
        "protocol",
        "--header",
        "Portable=mobile",
        "--header",
        "Mail=Email",
    )
    assert contactsync("account", "set", "acme", *options).returncode == 0
    shown = json.loads(contactsync("account", "show", "acme", "--json").stdout)
    assert (shown["separator"], shown["headers"]) == ("auto", "protocol")
    assert shown["header_map"] == ["Portable=Mobile", "Mail=Email"]
    assert contactsync("account", "set", "acme", "--header", "Portable=").returncode == 0
    assert "Mail=Email" in contactsync("account", "show", "acme").stdout
    refused = contactsync("account", "set", "acme", "--header", "Nom=Handy")
    assert (refused.returncode, "--header: 'Nom=Handy'" in refused.stderr) == (2, True)


def test_bad_values_are_reported_all_at_once(
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
    assert len(done.stderr.splitlines()) == 10
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
