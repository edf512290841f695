"""A collection of odd CSV files, such as public ones for testing parsers: each is applied or refused, never a bug."""

from __future__ import annotations

import codecs
import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from contactsync.domain.messages.reasons import REASONS
from tests.acceptance.program import Program
from tests.acceptance.tables import people

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.acceptance.settled import Settled
    from tests.conftest import Databases

HEADER = "Référence;Nom;Email;Mobile;Adresse 1\n"
WHO = "p@example.com;0600000001"


def table(*rows: str, end: str = "\n") -> bytes:
    return "".join(line + end for line in (HEADER.strip(), *rows)).encode("utf-8")


# name: (content, what `Nom` of the one contact becomes, or the reason why it is refused)
APPLIED: dict[str, tuple[bytes, str | None]] = {
    "separator in quotes": (table(f'R1;"a; b; c";{WHO};x'), "a; b; c"),
    "commas": (table(f'R1;"a, b";{WHO};x,y'), "a, b"),
    "empty quoted": (table(f'R1;"";{WHO};""'), None),
    "empty": (table(f"R1;;{WHO};"), None),
    "escaped quotes": (table(f'R1;"a ""b"" c";{WHO};x'), 'a "b" c'),
    "only escaped quotes": (table(f'R1;"""""";{WHO};x'), '""'),
    "JSON": (
        table(f'R1;"{{""type"": ""Point"", ""at"": [1, 2]}}";{WHO};x'),
        '{"type": "Point", "at": [1, 2]}',
    ),
    "newlines": (table(f'R1;"a\nb\n\nc";{WHO};x'), "a\nb\n\nc"),
    "newlines CRLF": (table(f'R1;"a\r\nb";{WHO};x', end="\r\n"), "a\r\nb"),
    "quotes and newlines": (table(f'R1;"a ""\nb"" c";{WHO};x'), 'a "\nb" c'),
    "simple CRLF": (table(f"R1;a;{WHO};x", end="\r\n"), "a"),
    "lone CR": (table(f"R1;a;{WHO};x", end="\r"), "a"),
    "mixed line ends": (table(f"R1;a;{WHO};x", end="\n\r\n\r"), "a"),
    "UTF-8": (table(f"R1;ʤ 日本 😀;{WHO};x"), "ʤ 日本 😀"),
    "combining marks": (table(f"R1;e\u0301;{WHO};x"), "e\u0301"),
    "right to left": (table(f"R1;שלום \u202egpj.exe;{WHO};x"), "שלום \u202egpj.exe"),
    "zero width": (table(f"R1;a\u200bb\u2060c;{WHO};x"), "a\u200bb\u2060c"),
    "exotic space": (table(f"R1;\u00a0\u3000 a \u2003;{WHO};x"), "a"),
    "line separators": (table(f"R1;a\u2028b\u0085c;{WHO};x"), "a\u2028b\u0085c"),
    "byte order mark inside": (table(f"R1;a\ufeffb;{WHO};x"), "a\ufeffb"),
    "control characters": (table(f"R1;a\x01\x1b[31m\x7fb;{WHO};x"), "a\x01\x1b[31m\x7fb"),
    "noncharacter": (table(f"R1;a\uffff\U0010ffffb;{WHO};x"), "a\uffff\U0010ffffb"),
    "formula": (table(f"""R1;"=HYPERLINK(""http://x"";""y"")";{WHO};+1"""), '=HYPERLINK("http://x";"y")'),
    "command formula": (table(f"R1;=cmd|' /C calc'!A0;{WHO};@SUM(1)"), "=cmd|' /C calc'!A0"),
    "SQL": (table(f"""R1;"'); DROP TABLE contact; --";{WHO};x"""), "'); DROP TABLE contact; --"),
    "COPY's escapes": (table(f"R1;\\N \\. \\t \\\\;{WHO};\\N"), "\\N \\. \\t \\\\"),
    "COPY's end": (table(f"\\.;\\.;{WHO};\\."), "\\."),
    "null words": (table(f"R1;NULL;{WHO};NA"), "NULL"),
    "nan": (table(f"R1;NaN;{WHO};#N/A"), "NaN"),
    "numbers stay text": (table(f"R1;00012.50;{WHO};1e5"), "00012.50"),
    "percent and braces": (table(f"R1;%s %(x)s {{0}} $1;{WHO};x"), "%s %(x)s {0} $1"),
    "long cell": (table(f"R1;{'é' * 32_768};{WHO};x"), "é" * 32_768),
    "quote inside a field": (table(f'R1;5" disk;{WHO};x'), '5" disk'),
    "quote at the end": (table(f'R1;a";{WHO};x'), 'a"'),
    "spaces around quotes": (table(f'R1;  "a"  ;{WHO};x'), "a"),
    "blank lines between": (table("", f"R1;a;{WHO};x", " ;;", "", ""), "a"),
    "no last line end": (table(f"R1;a;{WHO};x").rstrip(b"\n"), "a"),
    "nameless columns": (table(f"R1;a;{WHO};x;;").replace(b"Adresse 1", b"Adresse 1;;"), "a"),
    "quoted header": (table(f"R1;a;{WHO};x").replace(b"Nom", b'" nom "'), "a"),
    "header in capitals": (table(f"R1;a;{WHO};x").replace("Référence;Nom".encode(), b"REFERENCE;NOM"), "a"),
    "Latin-1": (table(f"R1;été;{WHO};x").decode().encode("latin-1"), "été"),
    "Windows-1252": (table(f"R1;€ œ;{WHO};x").decode().encode("cp1252"), "€ œ"),
    "bytes 0x81 to 0x9d": (table(f"R1;a\x81\x8d\x9db;{WHO};x").decode().encode("latin-1"), "a\x81\x8d\x9db"),
}

REFUSED: dict[str, tuple[bytes, str]] = {
    "byte order mark only": (codecs.BOM_UTF8, "empty_file"),
    "line ends only": (b"\r\n" * 100, "empty_file"),
    "separators only": (b";;;;;\n" * 100, "empty_file"),
    "quotes only": (b'"' * 999, "unterminated_quote"),
    "a quote": (b'"', "unterminated_quote"),
    "empty quotes": (b'""\n""\n', "empty_file"),
    "a letter": (b"a", "no_known_column"),
    "HTML": (b"<!DOCTYPE html>\n<html><body>404</body></html>\n", "not_csv"),
    "JSON lines": (b'{"email": "p@example.com"}\n', "not_csv"),
    "an e-mail per line": (b"a@example.com\nb@example.com\n", "no_known_column"),
    "quote never closed": (
        table(f'R1;"a;{WHO};x', *[f"R{n};b;{WHO};x" for n in range(50)]),
        "unterminated_quote",
    ),
    "text after quote": (table(f'R1;"a" b;{WHO};x'), "text_after_quote"),
    "escaped by backslash": (table(f'R1;"a \\"b\\" c";{WHO};x'), "text_after_quote"),
    "sums at the end": (table(f"R1;a;{WHO};x", "Total : 1"), "too_few_fields"),
    "title before the header": (b"Export du 12/03\n" + table(f"R1;a;{WHO};x"), "no_known_column"),
    "all in one quoted cell": (table(f'"R1;a;{WHO};x"'), "quoted_lines"),
    "NUL at the end": (table(f"R1;a;{WHO};x") + bytes(512), "nul_byte"),
    "UTF-32": (table(f"R1;a;{WHO};x").decode().encode("utf-32"), "utf16"),
    "header twice": (table(HEADER.strip()), "no_valid_row"),
    "random": (bytes((n * 7919 + n // 7) % 255 + 1 for n in range(5000)), "wrong_encoding"),
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Program]:
    """A daemon that finds the whole collection at its start, each file in an account of its own."""
    with databases() as url, closing(Program(tmp_path_factory.mktemp("collection"), url)) as program:
        for kind, cases in (("applied", APPLIED), ("refused", REFUSED)):
            for number, (content, _) in enumerate(cases.values()):
                program.add_account(f"{kind}-{number}")
                program.drop(f"{kind}-{number}", "list.csv", content)
        with program:
            yield program


def _settled(program: Program, kind: str, number: int) -> Settled:
    settled = program.settled(f"{kind}-{number}", "list.csv")
    assert (program.events("bug"), program.events("deposit.waits")) == ([], [])
    return settled


@pytest.mark.parametrize("name", APPLIED)
def test_applied(program: Program, name: str) -> None:
    """The file goes to `ok/` and its one contact's name is the cell to the letter, trimmed."""
    number, expected = list(APPLIED).index(name), APPLIED[name][1]
    settled = _settled(program, "applied", number)
    assert settled.state == "ok", settled.result
    (contact,) = program.contacts(f"applied-{number}")
    assert contact["last_name"] == expected
    assert contact["email"] == "p@example.com"


@pytest.mark.parametrize("name", REFUSED)
def test_refused(program: Program, name: str) -> None:
    """The file goes to `ko/` with its reason, and its result is JSON with a sentence of the catalogue."""
    number, reason = list(REFUSED).index(name), REFUSED[name][1]
    settled = _settled(program, "refused", number)
    assert (settled.state, settled.result["reason"]) == ("ko", reason)
    assert reason in REASONS
    assert "{" not in settled.result["message"]
    assert json.dumps(settled.result)
    assert program.contacts(f"refused-{number}") == []


def test_the_daemon_still_applies_files(program: Program) -> None:
    """After the whole collection a good file is applied."""
    program.drop("applied-0", "good.csv", people(3))
    assert program.settled("applied-0", "good.csv").result["rows_applied"] == 3
