"""What a deposit is: a CSV, a zip of one CSV, or a refusal with its own reason."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile
from pathlib import Path

import pytest

from contactsync.domain.errors import FileRefused
from contactsync.reading.container import CHUNK_BYTES, open_content
from tests.unit.reading.conftest import LIMIT, Read, Refusal
from tests.unit.reading.zips import CSV, zipped


def test_a_plain_file_is_read_as_it_is(read: Read) -> None:
    """Bytes without a known signature are a CSV."""
    assert read(CSV) == CSV


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_one_csv_in_one_zip(read: Read, method: int) -> None:
    """Both compressions that are accepted and any member name are read."""
    assert read(zipped(("../../etc/passwd", CSV), method=method)) == CSV


def test_bytes_decide_what_a_file_is(read: Read) -> None:
    """A member's name and the zip's comment do not matter."""
    assert read(zipped(("x.bin", CSV), comment=b"made by x")) == CSV


@pytest.mark.parametrize(
    "added",
    [
        *("__MACOSX/._a.csv", "__MACOSX/x/a.csv", "._a.csv", "data/._a.csv", ".DS_Store", "data/.DS_Store"),
        *("Thumbs.db", "thumbs.db", "data/Thumbs.db", "desktop.ini", "Data\\Desktop.ini", "data\\._a.csv"),
        *("data/", "a/b/c/", "export\\", "a\\b\\"),
    ],
)
def test_what_systems_add_to_zips_is_ignored(read: Read, added: str) -> None:
    """Files of macOS and Windows, and folders, those that end in `\\` included."""
    assert read(zipped((added, b"" if added[-1] in "/\\" else b"junk"), ("data\\a.csv", CSV))) == CSV


def test_a_streamed_zip_is_read(read: Read) -> None:
    """A zip written to a pipe has its sizes after the data."""

    class Pipe(io.RawIOBase):
        written = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]  # bytes are what zipfile writes
            self.written += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[arg-type]  # writes only
        archive.writestr("a.csv", CSV)
    assert pipe.written[6] & 8
    assert read(pipe.written) == CSV


def test_chunks_are_full_and_can_be_read_again(tmp_path: Path) -> None:
    """Each chunk but the last has CHUNK_BYTES, zipped or not, and each reading starts at the beginning."""
    data = b"Email\n" * 500_000
    for content in (data, zipped(("a.csv", data))):
        path = tmp_path / "deposit"
        path.write_bytes(content)
        found = open_content(path, max_inflated_bytes=LIMIT)
        sizes = [len(chunk) for chunk in found.chunks()]
        assert set(sizes[:-1]) == {CHUNK_BYTES}
        assert b"".join(found.chunks()) == data


def test_an_empty_file(refusal: Refusal) -> None:
    """A file of no bytes is refused as empty."""
    assert refusal(b"").code == "empty_file"


def test_an_empty_csv_in_a_zip(refusal: Refusal) -> None:
    """A zip whose only member has no bytes is refused as empty."""
    assert refusal(zipped(("a.csv", b""))).code == "empty_file"


@pytest.mark.parametrize("members", [[], [("a/", b"")], [("__MACOSX/._a.csv", b"x"), (".DS_Store", b"x")]])
def test_a_zip_without_a_file(refusal: Refusal, members: list[tuple[str, bytes]]) -> None:
    """A zip with no member that counts is refused."""
    assert refusal(zipped(*members)).code == "zip_empty"


def test_several_files(refusal: Refusal) -> None:
    """A zip with several files is refused, with their number."""
    error = refusal(zipped(("a.csv", CSV), ("b.csv", CSV), ("readme.txt", b"x")))
    assert (error.code, error.details["count"]) == ("zip_several_files", 3)
    assert error.details["names"] == ["a.csv", "b.csv", "readme.txt"]


@pytest.mark.parametrize("inner", [zipped(("a.csv", CSV)), zipped()])
def test_a_zip_in_a_zip(refusal: Refusal, inner: bytes) -> None:
    """A nested zip is refused, even an empty one."""
    assert refusal(zipped(("a.zip", inner))).code == "zip_nested"


@pytest.mark.parametrize(
    "members",
    [
        [("[Content_Types].xml", b"x"), ("xl/workbook.xml", b"x"), ("xl/worksheets/sheet1.xml", b"x")],
        [("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", b"x")],
        [("mimetype", b"application/vnd.oasis.opendocument.spreadsheet-template"), ("content.xml", b"x")],
        [("Index/Document.iwa", b"x"), ("preview.jpg", b"x")],
    ],
)
def test_workbooks(refusal: Refusal, members: list[tuple[str, bytes]]) -> None:
    """.xlsx, .ods and .numbers are zips, but they are refused as workbooks."""
    assert refusal(zipped(*members)).code == "workbook"
    assert refusal(zipped(("a.csv", zipped(*members, method=zipfile.ZIP_STORED)))).code == "workbook"


def test_a_workbook_in_a_zip_by_its_first_bytes(refusal: Refusal) -> None:
    """An .xls in a zip is refused as a workbook, whatever its name."""
    assert refusal(zipped(("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))).code == "workbook"


def test_a_book_is_no_workbook(refusal: Refusal) -> None:
    """.epub has a member `mimetype` too."""
    assert (
        refusal(zipped(("mimetype", b"application/epub+zip"), ("a.html", b"x"))).code == "zip_several_files"
    )


@pytest.mark.parametrize(
    ("members", "found"),
    [
        ([("[Content_Types].xml", b"x"), ("word/document.xml", b"x")], "Word"),
        ([("[Content_Types].xml", b"x"), ("ppt/presentation.xml", b"x")], "PowerPoint"),
        (
            [("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b"x")],
            "OpenDocument",
        ),
    ],
)
def test_documents(refusal: Refusal, members: list[tuple[str, bytes]], found: str) -> None:
    """.docx, .pptx and .odt are named, bare and inside a zip."""
    document = zipped(*members, method=zipfile.ZIP_STORED)
    for content in (document, zipped(("a.docx", document))):
        error = refusal(content)
        assert (error.code, error.details["found"]) == ("not_csv", found)


@pytest.mark.parametrize("folder", ["xl", "word", "ppt", "Index"])
def test_a_folder_may_have_the_name_of_one_in_a_document(read: Read, folder: str) -> None:
    """Only the members that every such document has decide."""
    assert read(zipped((f"{folder}/a.csv", CSV))) == CSV


def test_an_old_workbook(refusal: Refusal) -> None:
    """An .xls file (OLE2) is refused as a workbook."""
    assert refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500).code == "workbook"


def test_a_workbook_in_a_zip(refusal: Refusal) -> None:
    """A zipped .xlsx is refused as a workbook, not as a nested zip."""
    inner = zipped(("[Content_Types].xml", b"x"), ("xl/workbook.xml", b"x"))
    assert refusal(zipped(("a.xlsx", inner))).code == "workbook"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (gzip.compress(CSV), "gzip"),
        (bz2.compress(CSV), "bzip2"),
        (b"%PDF-1.7\n", "PDF"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "7-Zip"),
        (b"Rar!\x1a\x07\x01\x00", "RAR"),
        (b"MZ\x90\0\3\0\0\0\4\0", "program"),
        (b"MZ\x90\0\3\0" + zipped(("a.csv", CSV)), "program"),
        (b"\x7fELF\2\1\1\0", "program"),
    ],
)
def test_other_formats_are_named(refusal: Refusal, data: bytes, found: str) -> None:
    """The refusal names the format, bare or inside a zip."""
    for content in (data, zipped(("a.csv", data))):
        error = refusal(content)
        assert (error.code, error.details["found"]) == ("not_csv", found)


def test_a_header_may_begin_like_a_program(read: Read) -> None:
    """Two letters do not make a program."""
    data = b"MZ;Email\n" + CSV
    assert read(data) == data


def test_a_bomb_is_refused_while_it_inflates(tmp_path: Path) -> None:
    """No byte past the limit is read, and the reason names the limit in MiB."""
    path = tmp_path / "bomb.zip"
    path.write_bytes(zipped(("a.csv", b"a" * (8 << 20))))
    got: list[bytes] = []
    with pytest.raises(FileRefused) as caught:
        got.extend(open_content(path, max_inflated_bytes=3 << 20).chunks())
    assert (caught.value.code, caught.value.details["limit"]) == ("inflated_too_large", 3)
    assert sum(map(len, got)) <= 3 << 20


def test_exactly_the_limit_is_allowed(read: Read) -> None:
    """A zip that inflates to exactly the limit is read."""
    assert len(read(zipped(("a.csv", b"a" * (1 << 20))), 1 << 20)) == 1 << 20
