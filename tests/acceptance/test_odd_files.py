"""Odd names and odd but valid content are applied."""

from __future__ import annotations

import codecs
import os
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.crowd import (
    assert_log_is_private,
    assert_memory_is_bounded,
    assert_only_log_lines,
    make_deposit,
    unused_account,
)
from tests.acceptance.hostile import CELL, GOOD, MIB, made, packed, raw, text, zipped
from tests.acceptance.program import Program
from tests.acceptance.tables import HEADER

if TYPE_CHECKING:
    from tests.acceptance.hostile import Put

NBSP = "\u00a0"
FIELDS = ";".join(f"Champ {n}" for n in range(1, 16))


NAMES = {
    "newline": b"a\nb.csv",
    "ESC": b"\x1b[31mred.csv",
    "Latin-1": b"\xe9t\xe9.csv",
    "C1": b"\xc2\x9b31mred.csv",
    "bidirectional": "a\u202evsc.exe\u2066.csv".encode(),
    "line separator": "a\u2028b.csv".encode(),
    "dash": b"-rf.csv",
    "glob": b"*?[a].csv",
    "blank": b" ",
    "CSV only": b"csv",
    "stamp": b"1447797847_list.csv",
    "255 bytes": b"n" * 251 + b".csv",
    "255 bytes of é": "é".encode() * 125 + b"x.csv",
    "backslash and quote": b"a\\b\"c'd.csv",
    "percent": b"%s%n%(x)s{0}.csv",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_odd_names_are_accepted(eager: Program, name: bytes) -> None:
    """The file is applied, keeps its bytes after its stamp where they fit, and its answer and log line are printable."""
    account = unused_account()
    settled = make_deposit(eager, account, os.fsdecode(name), raw(GOOD), "import")
    assert settled.state == "ok", settled.result
    claimed = os.fsencode(settled.path.name)
    assert len(claimed) <= 240
    assert re.fullmatch(rb"[0-9]{10}_" + re.escape(name), claimed, re.DOTALL) or len(name) > 229
    assert bytes(eager.ledger(account)[0]["name_bytes"]) == name
    answer = settled.beside(".result.json").read_text()
    assert answer.replace("\n", "").replace(NBSP, "").isprintable()

    def line() -> list[dict[str, Any]]:
        return [each for each in eager.events("deposit.settled") if each["account"] == account]

    (event,) = eager.until(line, "its line in the log")
    assert event["file"].isprintable()


ACCEPTED = {
    "cell of 32,768 characters": text(f"R1;{CELL};a@example.com;"),
    "256 columns": text("R1;a;a@example.com;", header=HEADER.strip() + ";" * 252),
    "blank fields past the end": text("R1;a;a@example.com;;;; ;"),
    "a million blank lines before": made(lambda: b"\n" * MIB + GOOD),
    "a million blank lines within": made(lambda: GOOD + b"\n" * MIB + b"R2;a;b@example.com;\n"),
    "no line end": raw(GOOD.rstrip(b"\n")),
    "lone CR": raw(GOOD.replace(b"\n", b"\r")),
    "CRLF": raw(GOOD.replace(b"\n", b"\r\n")),
    "UTF-8 mark": raw(codecs.BOM_UTF8 + GOOD.decode("latin-1").encode()),
    "Windows-1252": raw(GOOD + b"R2;\x80 \x9cuf;b@example.com;\n"),
    "zip that climbs": zipped(("../../../etc/cron.d/a.csv", GOOD)),
    "zip from a Mac": zipped(("a.csv", GOOD), ("__MACOSX/._a.csv", b"x"), (".DS_Store", b"x"), ("f/", b"")),
    "zip from Windows": zipped(("x\\", b""), ("x\\a.csv", GOOD), ("Thumbs.db", b"x"), ("._a.csv", b"x")),
    "zip behind a mark": made(lambda: codecs.BOM_UTF8 + packed(("a.csv", GOOD))),
    "split zip of one part": made(lambda: b"PK00" + packed(("a.csv", GOOD))),
    "zip with a comment": made(lambda: packed(("a.csv", GOOD))[:-2] + b"\x05\0hello"),
}


@pytest.mark.parametrize("put", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_odd_but_valid_content_is_applied(eager: Program, put: Put) -> None:
    """Within the limits the file is applied without a rejected row."""
    account = unused_account()
    settled = make_deposit(eager, account, "list.csv", put, "import")
    assert settled.state == "ok", settled.result
    assert (settled.result["rows_rejected"], settled.result["warnings"]) == (0, [])


def test_exactly_20_mib_is_accepted(eager: Program) -> None:
    """The limit is the last size that passes."""
    account = unused_account()
    cells = ";".join([CELL] * 15)
    content = f"Référence;Email;{FIELDS}\n".encode("latin-1")
    content += b"".join(f"R{n};p{n}@example.com;{cells}\n".encode() for n in range(42))
    last = b"R99;p99@example.com;;;;;;;;;;;;;;;\n"
    fill = 20 * MIB - len(content) - len(last)
    content += last[:20] + b"y" * min(fill, 32_768) + last[20:]
    assert len(content) < 20 * MIB
    content += b"\n" * (20 * MIB - len(content))
    settled = make_deposit(eager, account, "list.csv", raw(content), "import")
    assert (settled.state, settled.path.stat().st_size) == ("ok", 20 * MIB)


def test_folders_in_in_are_left_alone_and_logged_once(eager: Program) -> None:
    """A folder stays where it is, is not entered, and is logged once though the daemon looks again and again."""
    account = unused_account()
    folder = eager.box(account, "in") / "archive"
    folder.mkdir()
    (folder / "inside.csv").write_bytes(GOOD)
    for number in range(3):
        eager.drop(account, f"{number}.csv", GOOD)
        eager.settled(account, f"{number}.csv")
    assert (folder / "inside.csv").read_bytes() == GOOD

    def lines() -> list[dict[str, Any]]:
        return [each for each in eager.events("stray.folder") if each["account"] == account]

    assert [each["path"] for each in eager.until(lines, "it is logged")] == ["import/in/archive"]


def test_the_log_contains_no_cell(eager: Program) -> None:
    """After all of these no cell and no address is in the log."""
    assert_log_is_private(eager)


def test_only_log_lines_are_written(eager: Program) -> None:
    """After all of these standard error is empty, and each line on standard output is an event in JSON."""
    assert_only_log_lines(eager)


def test_memory_stays_bounded(eager: Program) -> None:
    """After all of these the daemon never used more than 400 MB."""
    assert_memory_is_bounded(eager)
