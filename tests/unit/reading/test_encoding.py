"""Which encoding a file is in, and its bytes as UTF-8 wherever the chunks are cut."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contactsync.domain.account import Encoding
from contactsync.domain.errors import FileRefused
from contactsync.domain.windows_1252 import decode_windows_1252
from contactsync.reading.encoding import MAX_LINE_BYTES, TextEncoding, as_utf8, sniff

TEXT = st.text("abé€œ\n\r;😀\u0301", max_size=30)
LATIN = TextEncoding("iso-8859-1")
UTF8 = TextEncoding("utf-8")
MIXED = TextEncoding("utf-8", mixed=True)


def cut(data: bytes, size: int) -> Iterator[bytes]:
    """The data in chunks of one size."""
    return (data[place : place + size] for place in range(0, len(data), size))


def detected(data: bytes, pinned: Encoding = "auto", size: int = 1 << 20) -> TextEncoding:
    """The encoding found in this data."""
    return sniff(cut(data, size), pinned)


def refusal(data: bytes, pinned: Encoding = "auto", size: int = 1 << 20) -> FileRefused:
    """Why this data is refused."""
    with pytest.raises(FileRefused) as caught:
        detected(data, pinned, size)
    return caught.value


def text_of(data: bytes, encoding: TextEncoding, size: int = 1 << 20) -> str:
    """The text read from this data."""
    return b"".join(as_utf8(cut(data, size), encoding)).decode()


@pytest.mark.parametrize(
    ("data", "pinned", "encoding"),
    [
        (b"Nom\nabc\n", "auto", LATIN),
        ("Prénom\n".encode("latin-1"), "auto", LATIN),
        ("Prénom\n".encode(), "auto", UTF8),
        (codecs.BOM_UTF8 + b"Nom\n", "auto", TextEncoding("utf-8", bom=True)),
        (codecs.BOM_UTF8 + "Prénom\n".encode(), "auto", TextEncoding("utf-8", bom=True)),
        ("Prénom\n".encode(), "iso-8859-1", LATIN),
        ("Prénom\n".encode(), "utf-8", UTF8),
        (b"Nom\n", "utf-8", UTF8),
        (codecs.BOM_UTF8 + b"Nom\n", "utf-8", TextEncoding("utf-8", bom=True)),
        ("é\n".encode() + "éé\n".encode("latin-1"), "auto", LATIN),
        ("é\n".encode() + "é\n".encode("latin-1"), "auto", MIXED),
    ],
)
def test_which_encoding_is_found(data: bytes, pinned: Encoding, encoding: TextEncoding) -> None:
    """BOM, pin, or under `auto` valid UTF-8 with a multi-byte character; all else is ISO-8859-1."""
    assert detected(data, pinned) == encoding


@pytest.mark.parametrize("size", [1, 2, 3, 1 << 20])
def test_a_character_cut_off_at_the_end_is_a_stray_byte(size: int) -> None:
    """It does not make a UTF-8 file ISO-8859-1; without any whole character, the file is."""
    assert detected(b"\xc3\xa9\n\xc3", size=size) == MIXED
    assert detected(b"a\n\xc3", size=size) == LATIN


@pytest.mark.parametrize(("prefix", "pinned"), [(codecs.BOM_UTF8, "auto"), (b"", "utf-8")])
@pytest.mark.parametrize("size", [4, 1 << 20])
def test_invalid_bytes_under_a_bom_or_a_pin_refuse_the_file(
    prefix: bytes, pinned: Encoding, size: int
) -> None:
    """The reason has the line of the first bad byte."""
    error = refusal(prefix + b"Nom;\xc3\xa9\r\nabc\r\n\xe9t\xe9\n", pinned, size)
    assert (error.code, error.errors[0].line) == ("invalid_utf8", 3)
    assert error.details["variant"] == ("bom" if prefix else "")


@given(TEXT.filter(str.strip), st.integers(1, 9))
@example("é", 1)
@example("😀", 3)
def test_the_encoding_found_does_not_depend_on_chunks(text: str, size: int) -> None:
    """UTF-8 is recognised though characters are cut by chunks' ends, and Windows-1252 by the same bytes."""
    data = text.encode()
    assert detected(data, size=size) == detected(data)
    western = text.encode("cp1252", "replace")
    assert detected(western, size=size) == detected(western)


@given(TEXT, st.integers(1, 9))
def test_utf8_comes_through_whole_at_any_chunk_size(text: str, size: int) -> None:
    """Each piece that is given ends with a whole character."""
    pieces = list(as_utf8(cut(text.encode(), size), UTF8))
    assert "".join(piece.decode() for piece in pieces) == text


@given(TEXT, st.integers(3, 9))
def test_a_byte_order_mark_is_dropped(text: str, size: int) -> None:
    """The BOM is dropped, once."""
    assert text_of(codecs.BOM_UTF8 + text.encode(), TextEncoding("utf-8", bom=True), size) == text


@given(st.binary(max_size=40), st.integers(1, 9))
def test_every_byte_has_a_western_character(data: bytes, size: int) -> None:
    """Any chunk decodes as ISO-8859-1 with 0x80–0x9F as Windows-1252, and encodes back to its bytes."""
    text = text_of(data, LATIN, size)
    assert text == decode_windows_1252(data)
    assert LATIN.encode(text.encode()) == data


def test_euro_and_oe_survive() -> None:
    """0x80 is `€`, 0x9C `œ`; the five bytes that Windows-1252 leaves out stay control characters."""
    assert text_of(b"\x80\x9c\xe9\x81\x8d\x8f\x90\x9d", LATIN) == "€œé\x81\x8d\x8f\x90\x9d"


def test_utf8_is_written_as_it_is() -> None:
    """Text returned to the uploader has the encoding of the file."""
    assert UTF8.encode("œé".encode()) == "œé".encode()
    assert LATIN.encode("œé日".encode()) == b"\x9c\xe9?"


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_has_a_reason_of_its_own(codec: str) -> None:
    """UTF-16 is refused, with or without a byte order mark."""
    assert refusal("Référence;Nom\r\nA1;Dupont\r\n".encode(codec)).code == "utf16"


@pytest.mark.parametrize("data", [b"", b"\n\r\n  \t", codecs.BOM_UTF8, codecs.BOM_UTF8 + b"\n"])
def test_a_blank_file_is_empty(data: bytes) -> None:
    """A file of white space is empty, with or without a BOM."""
    assert refusal(data).code == "empty_file"


@pytest.mark.parametrize("size", [10, 1 << 20])
def test_nul_bytes_are_reported_by_line(size: int) -> None:
    """The lines with a NUL are listed, with any line end."""
    error = refusal(b"Nom;Email\r\na;b\r\nc;\0d\re;\0\nf\n"[: None if size > 10 else 22], size=size)
    assert error.code == "nul_byte"
    assert error.errors[0].line == 3
    if size > 10:
        assert [each.line for each in error.errors] == [3, 4]


def test_no_more_than_a_hundred_lines_are_listed() -> None:
    """A binary file gets a reason of limited length."""
    error = refusal(b"a\0b\n" * 1000)
    assert (len(error.errors), error.errors[-1].line) == (100, 100)


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_a_line_may_have_one_mebibyte(end: bytes) -> None:
    """A line has at most 1 MiB without its line end; the reason names a longer line."""
    short = b"Nom;Email" + end
    assert detected(short + b"x" * MAX_LINE_BYTES + end + b"a") == LATIN
    error = refusal(short + b"x" * (MAX_LINE_BYTES + 1) + end + b"a")
    assert (error.code, error.details["line"]) == ("line_too_long", 2)


def test_a_last_line_without_end_has_the_same_limit() -> None:
    """A last line without a line end has the same limit."""
    assert detected(b"a\n" + b"x" * MAX_LINE_BYTES) == LATIN
    assert refusal(b"a\n" + b"x" * (MAX_LINE_BYTES + 1)).code == "line_too_long"


def test_a_header_of_a_million_columns_is_reported_as_such() -> None:
    """A first line over 1 MiB of separators has too many columns rather than too many bytes."""
    assert refusal(b"Email;" * (1 << 18)).code == "too_many_columns"
