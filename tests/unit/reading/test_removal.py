"""A deposit's file without the rows that name a person: every other byte stays."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.domain.deposit import ACTIONS
from contactsync.domain.errors import FileRefused
from contactsync.reading import container
from contactsync.reading.occurrences import Identifiers
from contactsync.reading.removal import Removal
from tests.unit.reading.verdicts import account

PERSON = Identifiers(frozenset({"ann@example.com"}), frozenset({"+33612345678"}), frozenset({"REF-77"}))
HEADER = "Référence;Nom;Email;Mobile;Autre\n"
BOB = "R1;Bob;bob@example.com;0600000001;\n"


def removal(action: str = "import") -> Removal:
    return Removal(PERSON, account(syntax_errors="skip"), ACTIONS[action], 1 << 20)


def without(tmp_path: Path, content: bytes, action: str = "import") -> bytes | None:
    """The file without the person; None if the person is not named. It names nobody then, and counts agree."""
    path = tmp_path / "x"
    path.write_bytes(content)
    target = BytesIO()
    if not removal(action).write(path, target):
        assert removal(action).count(path) == 0
        return None
    assert removal(action).count(path) > 0
    path.write_bytes(target.getvalue())
    assert removal(action).count(path) == 0
    return target.getvalue()


@pytest.mark.parametrize(
    "row",
    [
        "R2;Ann;ann@example.com;;\n",
        "R2;Ann;ANN@Example.com;;\r\n",
        "R2;Ann;;06 12 34 56 78;\n",
        "REF-77;Ann;;;\n",
        '"REF-77";"A\nn\r\nn";x@example.com;;\n',
        'R2;"A;n""\n";"ann@example.com";;"more\n"\n',
        "R2;Ann;;;friend of ann@example.com\n",
        "R2;Ann;ann@example.com\n",
        "R2;Ann;not an address, ann@example.com;12;;;;too many\n",
        "R2;Ann;ann@example.com;;",
    ],
)
@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-8-sig"])
def test_the_persons_row_goes_and_the_others_stay(tmp_path: Path, row: str, encoding: str) -> None:
    """With all its physical lines, wherever the person is named, valid or rejected."""
    before, after = (HEADER + BOB).encode(encoding), BOB.encode("ascii") if row.endswith("\n") else b""
    assert without(tmp_path, before + row.encode("ascii") + after) == before + after


def test_a_file_without_the_person_is_not_written(tmp_path: Path) -> None:
    assert without(tmp_path, (HEADER + BOB).encode("latin-1")) is None
    assert without(tmp_path, b"") is None


def test_a_consent_file_loses_its_line(tmp_path: Path) -> None:
    content = b"Mobile\n0600000001\n0612345678\n0600000002\n"
    assert without(tmp_path, content, "optoutSMS") == b"Mobile\n0600000001\n0600000002\n"


def test_a_zip_stays_a_zip_with_its_member(tmp_path: Path) -> None:
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("folder/list.csv", (HEADER + BOB + "R2;Ann;ann@example.com;;\n").encode("latin-1"))
    found = without(tmp_path, whole.getvalue())
    assert found is not None
    with zipfile.ZipFile(BytesIO(found)) as archive:
        assert archive.namelist() == ["folder/list.csv"]
        assert archive.read("folder/list.csv") == (HEADER + BOB).encode("latin-1")


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_searched_line_by_line(tmp_path: Path, codec: str) -> None:
    """It is refused as a list, and kept in ko/ all the same."""
    content = HEADER + BOB + "R2;Ann;ann@example.com;;\n"
    assert without(tmp_path, content.encode(codec)) == (HEADER + BOB).encode(codec)


def test_a_file_without_headers_is_searched_line_by_line(tmp_path: Path) -> None:
    """Its first line may be the person's."""
    content = b"Ann;ann@example.com\nBob;bob@example.com\nREF-77;x\nAnn;+33 6 12 34 56 78\n"
    assert without(tmp_path, content) == b"Bob;bob@example.com\n"


def test_rows_after_a_malformed_one_are_searched_line_by_line(tmp_path: Path) -> None:
    """The reader trusts nothing after an open quote."""
    content = HEADER + BOB + 'R2;"Ann;ann@example.com;;\n' + BOB + "R3;Ann;ann@example.com;;\n"
    assert without(tmp_path, content.encode("latin-1")) == (HEADER + BOB + BOB).encode("latin-1")


def test_what_is_no_text_cannot_be_searched(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"%PDF-1.7 ann@example.com")
    with pytest.raises(FileRefused):
        removal().count(tmp_path / "x")


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["ann@example.com", "bob@example.com", "joann@example.com", ""]),
        st.sampled_from(["", "x", "a\nb", 'q"q', "a\r\nb", "é"]),
    ),
    min_size=1,
    max_size=30,
)


@given(rows=ROWS, end=st.sampled_from(["\n", "\r\n", "\r"]), chunk=st.integers(16, 64))
def test_any_list_keeps_exactly_the_rows_of_others(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], end: str, chunk: int
) -> None:
    """Whatever the line ends, quotes and the places where the file is cut into chunks."""

    def text(chosen: list[tuple[str, str]]) -> bytes:
        lines = ["Email;Nom", *(f'{email};"{name.replace(chr(34), chr(34) * 2)}"' for email, name in chosen)]
        return "".join(f"{line}{end}" for line in lines).encode()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(container, "CHUNK_BYTES", chunk)
        found = without(tmp_path_factory.mktemp("r"), text(rows))
    others = [row for row in rows if row[0] != "ann@example.com"]
    assert found == (text(others) if others != rows else None)
