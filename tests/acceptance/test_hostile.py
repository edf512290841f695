"""Every bad input comes to its folder with a reason that names the fix; the daemon and other accounts work on."""

from __future__ import annotations

import codecs
import itertools
import os
import re
import stat
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.hostile import CANARY, CELL, GOOD, MIB, made, packed, raw, text, zipped
from tests.acceptance.program import HEADER, Program, people
from tests.acceptance.refusals import REFUSALS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.acceptance.hostile import Put
    from tests.acceptance.program import Settled
    from tests.acceptance.refusals import Refusal
    from tests.conftest import Databases

_numbers = itertools.count(1)
FIELDS = ";".join(f"Champ {n}" for n in range(1, 16))


CROWD = {"reference": 120, "triplet": 3, "none": 3}
"""Accounts for all cases, made before the daemon starts: it need not look for them."""


def _prepare(program: Program, account: str, dedup: str) -> None:
    """An account with a contact, a list of it named like the file, an opt-out, and the mode that replaces."""
    program.add_account(account, dedup)
    key = program.rows("SELECT account_id FROM account WHERE name = %s", account)[0]["account_id"]
    program.connection.execute(
        "WITH a AS (SELECT %(a)s::bigint AS id),"
        " c AS (INSERT INTO contact (account_id, identity, reference, email)"
        "       SELECT id, 'R1', 'R1', 'before@example.com' FROM a RETURNING contact_id),"
        " l AS (INSERT INTO contact_list (account_id, name) SELECT id, 'list' FROM a RETURNING list_id),"
        " o AS (INSERT INTO opt_out SELECT id, 'SMS', '+33600000009', 'file', now() FROM a)"
        " INSERT INTO list_member SELECT id, list_id, contact_id FROM a, l, c",
        {"a": key},
    )
    (program.ftp / account / "contacts" / "import" / ".syncExistingList").touch()


_unused = {dedup: iter([f"{dedup}-{n}" for n in range(count)]) for dedup, count in CROWD.items()}


def _account(dedup: str = "reference") -> str:
    """An account that no other test uses."""
    return next(_unused[dedup])


def _content(program: Program, account: str) -> object:
    """All that a deposit could have changed."""
    return program.contacts(account), program.lists(account), program.opt_outs(account)


@pytest.fixture(scope="module")
def eager(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Program]:
    """A running daemon that claims at first sight, with all the accounts."""
    with databases() as url, closing(Program(tmp_path_factory.mktemp("hostile"), url)) as program:
        program.add_account("bystander")
        for dedup, count in CROWD.items():
            for number in range(count):
                _prepare(program, f"{dedup}-{number}", dedup)
        with program:
            yield program


def _deposit(program: Program, account: str, name: str, put: Put, action: str) -> Settled:
    """Make the deposit, and see that another account's good file is applied beside it."""
    number = next(_numbers)
    try:
        put(program.box(account, "in", action) / name)
    except PermissionError:
        pytest.skip("needs root")
    program.drop("bystander", f"{number}.csv", people(1, first=number))
    settled = program.only(account, action)
    assert program.settled("bystander", f"{number}.csv").result["rows_applied"] == 1
    assert not program.lying(account, "in", action)
    assert not program.lying(account, "on", action)
    assert (program.events("bug"), program.events("deposit.waits")) == ([], [])
    return settled


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.name.replace(" ", "-"))
def test_refused_as_a_whole(eager: Program, case: Refusal) -> None:
    """It goes to `ko/` with its reason, a message that names the fix, and nothing has changed."""
    account = _account(case.dedup)
    before = _content(eager, account)
    settled = _deposit(eager, account, "list.csv", case.put, case.action)
    assert settled.state == "ko", settled.result
    assert settled.result["reason"] == case.reason
    assert case.fix in settled.result["message"].replace("\u00a0", " ")
    assert "{" not in settled.result["message"]
    assert _content(eager, account) == before
    (row,) = eager.ledger(account)
    assert (row["state"], row["reason"], row["rows_applied"]) == ("ko", case.reason, 0)


def _by_name(*names: str) -> pytest.MarkDecorator:
    cases = [case for case in REFUSALS if case.name in names]
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name.replace(" ", "-"))


@_by_name("symbolic link", "hard link", "FIFO", "device")
def test_what_is_no_file_is_moved_as_it_is(eager: Program, case: Refusal) -> None:
    """A link, pipe or device is neither opened nor followed nor copied: the same inode lies in `ko/`."""
    account = _account()
    made_here: list[os.stat_result] = []

    def put(path: Path) -> None:
        case.put(path.with_name(".upload"))
        made_here.append(path.with_name(".upload").lstat())
        path.with_name(".upload").rename(path)

    settled = _deposit(eager, account, "list.csv", put, "import")
    found = settled.path.lstat()
    assert (found.st_ino, stat.S_IFMT(found.st_mode)) == (
        made_here[0].st_ino,
        stat.S_IFMT(made_here[0].st_mode),
    )


@dataclass(frozen=True)
class Rejection:
    """A row that is rejected from a file whose other row is good."""

    name: str
    row: str
    column: str | None
    code: str
    action: str = "import"


REJECTIONS = [
    Rejection("no means", f"R2;{CANARY};;", None, "missing_means"),
    Rejection("no valid means", f"R2;{CANARY};{CANARY};12", "Email", "invalid_email"),
    Rejection("no reference", f";{CANARY};{CANARY}@example.com;", "Référence", "missing_reference"),
    Rejection("reference too long", f"{'R' * 256};;{CANARY}@example.com;", "Référence", "reference_too_long"),
    Rejection("scientific notation", f"R2;{CANARY};;3,36E+10", "Mobile", "scientific_notation"),
    Rejection(
        "no mobile to opt out", f"R2;{CANARY};{CANARY}@example.com;", "Mobile", "missing_mobile", "optoutSMS"
    ),
    Rejection("no mobile at all", f"R2;{CANARY};;0000", "Mobile", "invalid_mobile", "optoutVOICEMAIL"),
    Rejection("no reference to delete", f";{CANARY};;", "Référence", "missing_reference", "delete"),
]


@pytest.mark.parametrize("case", REJECTIONS, ids=lambda case: case.name.replace(" ", "-"))
def test_a_row_is_rejected_and_the_others_are_applied(eager: Program, case: Rejection) -> None:
    """The file goes to `ok/`; the row is told by line, column and code, and stands in the rejected file."""
    account = _account()
    content = GOOD + f"{case.row}\n".encode("latin-1")
    settled = _deposit(eager, account, "list.csv", raw(content), case.action)
    assert settled.state == "ok", settled.result
    result = settled.result
    assert (result["rows_read"], result["rows_applied"], result["rows_rejected"]) == (2, 1, 1)
    (error,) = result["errors"]
    assert (error["line"], error["column"], error["code"]) == (3, case.column, case.code)
    header, rejected = settled.beside(".rejected.csv").read_text("latin-1").splitlines()
    assert header == HEADER.strip() + ";Ligne;Motif"
    assert rejected.startswith(f"{case.row};3;")
    assert CANARY not in settled.beside(".result.json").read_text()


WARNINGS = {
    "unknown columns": (
        text(f"R1;a@example.com;{CANARY}", header="Référence;Email;Loisirs"),
        "unknown_column",
    ),
    "invalid e-mail": (text("R1;a;sans-arobase;0600000001"), "invalid_email"),
    "invalid mobile": (text("R1;a;a@example.com;12"), "invalid_mobile"),
    "scientific": (text("R1;a;a@example.com;3.36E+10"), "scientific_notation"),
    "no such day": (
        text("R1;a@example.com;31/02/1980", header="Référence;Email;Date de naissance"),
        "invalid_birth_date",
    ),
}


@pytest.mark.parametrize(("put", "code"), WARNINGS.values(), ids=WARNINGS.keys())
def test_applied_with_a_warning(eager: Program, put: Put, code: str) -> None:
    """The file goes to `ok/`, every row applied, and the result warns once with a count."""
    account = _account()
    settled = _deposit(eager, account, "list.csv", put, "import")
    assert settled.state == "ok", settled.result
    assert settled.result["rows_applied"] == 1
    assert [(each["code"], each["count"]) for each in settled.result["warnings"]] == [(code, 1)]


NAMES = {
    "newline": b"a\nb.csv",
    "ESC": b"\x1b[31mred.csv",
    "Latin-1": b"\xe9t\xe9.csv",
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
def test_strange_names_are_accepted(eager: Program, name: bytes) -> None:
    """The file is applied, keeps its bytes after its stamp where they fit, and its log line is printable."""
    account = _account()
    settled = _deposit(eager, account, os.fsdecode(name), raw(GOOD), "import")
    assert settled.state == "ok", settled.result
    claimed = os.fsencode(settled.path.name)
    assert len(claimed) <= 240
    assert re.fullmatch(rb"[0-9]{10}_" + re.escape(name), claimed, re.DOTALL) or len(name) > 229
    assert bytes(eager.ledger(account)[0]["name_bytes"]) == name

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
    "zip with a comment": made(lambda: packed(("a.csv", GOOD))[:-2] + b"\x05\0hello"),
}


@pytest.mark.parametrize("put", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_strange_but_good(eager: Program, put: Put) -> None:
    """Within the limits the file is applied without a rejected row."""
    account = _account()
    settled = _deposit(eager, account, "list.csv", put, "import")
    assert settled.state == "ok", settled.result
    assert (settled.result["rows_rejected"], settled.result["warnings"]) == (0, [])


def test_exactly_20_mib_is_accepted(eager: Program) -> None:
    """The limit is the last size that passes."""
    account = _account()
    cells = ";".join([CELL] * 15)
    content = f"Référence;Email;{FIELDS}\n".encode("latin-1")
    content += b"".join(f"R{n};p{n}@example.com;{cells}\n".encode() for n in range(42))
    last = b"R99;p99@example.com;;;;;;;;;;;;;;;\n"
    fill = 20 * MIB - len(content) - len(last)
    content += last[:20] + b"y" * min(fill, 32_768) + last[20:]
    assert len(content) < 20 * MIB
    content += b"\n" * (20 * MIB - len(content))
    settled = _deposit(eager, account, "list.csv", raw(content), "import")
    assert (settled.state, settled.path.stat().st_size) == ("ok", 20 * MIB)


def test_folders_in_in_are_left_alone_and_told_once(eager: Program) -> None:
    """A folder stays where it is, is not entered, and is logged once though the daemon looks again and again."""
    account = _account()
    folder = eager.box(account, "in") / "archive"
    folder.mkdir()
    (folder / "inside.csv").write_bytes(GOOD)
    for number in range(3):
        eager.drop(account, f"{number}.csv", GOOD)
        eager.settled(account, f"{number}.csv")
    assert (folder / "inside.csv").read_bytes() == GOOD
    told: list[dict[str, Any]] = [each for each in eager.events("stray.folder") if each["account"] == account]
    assert [each["path"] for each in told] == ["import/in/archive"]


def test_the_log_names_nobody(eager: Program) -> None:
    """After all of these no cell's value and no address stands in the log."""
    log = eager.log() + eager.stderr.read_text()
    assert CANARY not in log
    assert "example.com" not in log
    assert not re.search(r"\+33|0600000", log)


def test_nothing_but_log_lines_is_written(eager: Program) -> None:
    """After all of these standard error is empty, and each line on standard output is an event in JSON."""
    assert eager.events("deposit.settled")
    assert eager.stderr.read_text() == ""


def test_memory_stays_bounded(eager: Program) -> None:
    """After all of these the daemon never had more than 400 MB."""
    status = Path(f"/proc/{eager.pid}/status").read_text()
    (peak,) = re.findall(r"VmHWM:\s+([0-9]+) kB", status)
    assert int(peak) < 400_000
