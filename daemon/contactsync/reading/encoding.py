"""The encoding of a CSV, and its chunks as UTF-8 (protocol 2). Pure, except for reading the chunks."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from contactsync.domain.account import SEPARATORS, Encoding
from contactsync.domain.errors import MAX_LISTED_ERRORS, FileRefused, LineError
from contactsync.domain.windows_1252 import decode_windows_1252, encode_windows_1252
from contactsync.reading.misread import Misread
from contactsync.reading.scan import LF
from contactsync.reading.stray_bytes import count_encodings, count_western, decode_mixed

MAX_LINE_BYTES = 1 << 20

END_MARK = b"\x1a"

_SEPARATOR_BYTES = tuple(separator.encode() for separator in SEPARATORS)

_LAST_C1 = np.int8(0x9F - 0x100)
"""The highest C1 byte. As signed numbers, bytes 0x80 to 0x9F are the lowest of all."""

_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """How the bytes are read. `bom` is true if the file begins with a UTF-8 byte order mark.

    `mixed` is true if some bytes are not UTF-8 and are read as Windows-1252. `chunk_lines` are the physical lines on
    which the chunks begin.
    """

    name: Literal["utf-8", "iso-8859-1"]
    bom: bool = False
    mixed: bool = False
    chunk_lines: tuple[int, ...] = field(default=(), compare=False, repr=False)

    def encode(self, utf8: bytes) -> bytes:
        """Text in UTF-8 as the bytes of this encoding."""
        return utf8 if self.name == "utf-8" else encode_windows_1252(utf8.decode())


def sniff(chunks: Iterator[bytes], pinned: Encoding) -> TextEncoding:
    """Read all chunks once to find the encoding, and refuse bytes that no CSV contains.

    All chunks but the last must have `container.CHUNK_BYTES`. Raises FileRefused: `empty_file`, `utf16`,
    `nul_byte`, `line_too_long`, `too_many_columns`, `invalid_utf8`, and the refusals of `chunks` itself.
    """
    survey = _Survey()
    for chunk in chunks:
        survey.take(chunk)
    if survey.blank:
        raise FileRefused("empty_file")
    invalid_line, lines = survey.end(), tuple(survey.chunk_lines)
    if survey.bom or pinned == "utf-8":
        if invalid_line is not None:
            error = LineError(invalid_line, None, "invalid_utf8")
            variant = "bom" if survey.bom else ""
            raise FileRefused("invalid_utf8", {"line": invalid_line, "variant": variant}, [error])
        return TextEncoding("utf-8", bom=survey.bom, chunk_lines=lines)
    if pinned == "auto" and not survey.ascii_only and (invalid_line is None or survey.is_mixed):
        return TextEncoding("utf-8", mixed=invalid_line is not None, chunk_lines=lines)
    return TextEncoding("iso-8859-1", chunk_lines=lines)


@dataclass(slots=True)
class _Survey:
    """What is known about a file after some of its chunks."""

    bom: bool = False
    blank: bool = True
    ascii_only: bool = True
    # The line on which each chunk begins.
    chunk_lines: list[int] = field(default_factory=list)
    # The line of the next chunk's first byte.
    _line: int = 1
    # Bytes since the last line end.
    _span: int = 0
    _last: bytes = b""
    _invalid_line: int | None = None
    # The beginning of a character that the end of the last chunk cut.
    _left: bytes = b""
    # Sequences that begin with C2 or C3, and bytes that are in no sequence.
    _sequences: int = 0
    _strays: int = 0

    def take(self, chunk: bytes) -> None:
        """Look at one chunk; raises FileRefused."""
        if not self._last:
            _refuse_utf16(chunk)
            self.bom = chunk.startswith(codecs.BOM_UTF8)
        if self._last == b"\r" and chunk.startswith(b"\n"):
            # The last chunk's CR was counted; together with this LF it is one line end.
            self._line -= 1
        self.chunk_lines.append(self._line)
        if b"\0" in chunk:
            _refuse_nul(chunk, self._line)
        self.blank = self.blank and not chunk.removeprefix(codecs.BOM_UTF8).strip()
        self.ascii_only = self.ascii_only and chunk.isascii()
        if not self.ascii_only:
            self._decode(chunk)
        self._span = _measure_line(chunk, self._span, self._line)
        self._line += _count_lines(chunk)
        self._last = chunk[-1:]

    def end(self) -> int | None:
        """The line of the first byte that is not UTF-8; None if the whole file is UTF-8."""
        self._decode(b"", final=True)
        return self._invalid_line

    @property
    def is_mixed(self) -> bool:
        """Whether the stray bytes are no more than the sequences that only UTF-8 produces."""
        return self._sequences >= self._strays

    def _decode(self, chunk: bytes, *, final: bool = False) -> None:
        data = self._left + chunk
        if self._invalid_line is None:
            try:
                _, used = codecs.utf_8_decode(data, "strict", final)
            except UnicodeDecodeError as error:
                self._invalid_line = self._line + _count_lines(chunk[: max(error.start - len(self._left), 0)])
            else:
                # In valid UTF-8, these bytes only begin sequences.
                self._sequences += count_western(data[:used])
                self._left = data[used:]
                return
        whole, self._left = (data, b"") if final else _split_last_character(data)
        sequences, strays = count_encodings(whole)
        self._sequences, self._strays = self._sequences + sequences, self._strays + strays


def without_end_mark(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks without a final byte 0x1A, which marks the end of a file for DOS (protocol 2)."""
    mark = b""
    for chunk in chunks:
        data = mark + chunk
        mark = END_MARK if data.endswith(END_MARK) else b""
        if rest := data.removesuffix(END_MARK):
            yield rest


def as_utf8(
    chunks: Iterator[bytes], encoding: TextEncoding, misread: Misread | None = None
) -> Iterator[bytes]:
    """The chunks as UTF-8 without a byte order mark; a character cut by a chunk's end moves to the next chunk.

    `misread` is given what looks wrong.
    """
    misread = misread or Misread()
    pieces = _cut_at_characters(chunks, bom=encoding.bom) if encoding.name == "utf-8" else chunks
    lines, line, last = iter(encoding.chunk_lines), 1, b""
    for piece in pieces:
        begin = next(lines, None)
        line, last = line + _count_lines(last) if begin is None else begin, piece
        if piece.isascii():
            yield piece
            continue
        utf8 = _as_utf8(piece, encoding, misread, line)
        misread.look_at_utf8(utf8, line)
        yield utf8


def _as_utf8(piece: bytes, encoding: TextEncoding, misread: Misread, line: int) -> bytes:
    if encoding.mixed:
        misread.look_at_mixed(piece, line)
        return decode_mixed(piece).encode()
    if encoding.name == "utf-8":
        return piece
    # A regular expression would hold the interpreter's lock and keep other threads waiting.
    if np.frombuffer(piece, np.int8).min() > _LAST_C1:
        return piece.decode("latin-1").encode()
    misread.look_at_western(piece, line)
    return decode_windows_1252(piece).encode()


def _cut_at_characters(chunks: Iterator[bytes], *, bom: bool) -> Iterator[bytes]:
    left = b""
    for raw in chunks:
        chunk = left + raw
        if bom:
            chunk, bom = chunk.removeprefix(codecs.BOM_UTF8), False
        whole, left = _split_last_character(chunk)
        yield whole
    if left:
        yield left


def _split_last_character(data: bytes) -> tuple[bytes, bytes]:
    """The data up to its last character of several bytes, if that is at the end and may be incomplete, and the rest."""
    cut, least = len(data), max(len(data) - 4, 0)
    while cut > least and data[cut - 1] & 0xC0 == 0x80:  # noqa: PLR2004 - continuation byte, RFC 3629
        cut -= 1
    if cut and data[cut - 1] >= 0xC0:  # noqa: PLR2004 - first byte of a character, RFC 3629
        cut -= 1
    return (data[:cut], data[cut:]) if len(data) - cut < 4 else (data, b"")  # noqa: PLR2004 - longest character


def _refuse_utf16(head: bytes) -> None:
    even, odd = head[0:4096:2], head[1:4096:2]
    few, many = sorted((even.count(0), odd.count(0)))
    alternating = many > len(odd) * 0.8 and few < len(odd) * 0.1
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or alternating:
        raise FileRefused("utf16")


def _refuse_nul(chunk: bytes, line: int) -> None:
    errors = [
        LineError(line + number, None, "nul_byte")
        for number, text in enumerate(_LINE_END.split(chunk))
        if b"\0" in text
    ]
    raise FileRefused("nul_byte", {"line": errors[0].line}, errors[:MAX_LISTED_ERRORS])


def _count_lines(chunk: bytes) -> int:
    """Line ends in a chunk: LF, CRLF and lone CR count once each."""
    line_feeds = int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == LF))
    if b"\r" not in chunk:
        return line_feeds
    return line_feeds + chunk.count(b"\r") - chunk.count(b"\r\n")


def _measure_line(chunk: bytes, span: int, line: int) -> int:
    """Refuse a line over 1 MiB. Chunks are no longer than that, so only a line across chunks can be.

    `span` is the number of bytes since the last line end before the chunk; returns the same after it.
    """
    start = _first_line_end(chunk)
    if span + (len(chunk) if start < 0 else start) > MAX_LINE_BYTES:
        separators = max(chunk.count(s) for s in _SEPARATOR_BYTES)
        code = "too_many_columns" if line == 1 and separators > 256 else "line_too_long"  # noqa: PLR2004 - protocol 2
        raise FileRefused(code, {"line": line}, [LineError(line, None, code)])
    if start < 0:
        return span + len(chunk)
    return len(chunk) - 1 - max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))


def _first_line_end(chunk: bytes) -> int:
    ends = [place for place in (chunk.find(b"\n"), chunk.find(b"\r")) if place >= 0]
    return min(ends, default=-1)
