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
from contactsync.reading.scan import LF

MAX_LINE_BYTES = 1 << 20

_SEPARATOR_BYTES = tuple(separator.encode() for separator in SEPARATORS)

_LAST_C1 = np.int8(0x9F - 0x100)
"""The highest C1 byte. As signed numbers, bytes 0x80 to 0x9F are the lowest of all."""

_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """How the bytes are read. `bom` is true if the file begins with a UTF-8 byte order mark.

    `guessed` is true if only the bytes show that it is UTF-8, which deserves a warning.
    """

    name: Literal["utf-8", "iso-8859-1"]
    bom: bool = False
    guessed: bool = False

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
    invalid_line = survey.end()
    if survey.bom or pinned == "utf-8":
        if invalid_line is not None:
            error = LineError(invalid_line, None, "invalid_utf8")
            variant = "bom" if survey.bom else ""
            raise FileRefused("invalid_utf8", {"line": invalid_line, "variant": variant}, [error])
        return TextEncoding("utf-8", bom=survey.bom)
    if pinned == "auto" and invalid_line is None and not survey.ascii_only:
        return TextEncoding("utf-8", guessed=True)
    return TextEncoding("iso-8859-1")


@dataclass(slots=True)
class _Survey:
    """What is known about a file after some of its chunks."""

    bom: bool = False
    blank: bool = True
    ascii_only: bool = True
    # The line of the next chunk's first byte.
    _line: int = 1
    # Bytes since the last line end.
    _span: int = 0
    _last: bytes = b""
    _invalid_line: int | None = None
    _decoder: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    def take(self, chunk: bytes) -> None:
        """Look at one chunk; raises FileRefused."""
        if not self._last:
            _refuse_utf16(chunk)
            self.bom = chunk.startswith(codecs.BOM_UTF8)
        if self._last == b"\r" and chunk.startswith(b"\n"):
            # The last chunk's CR was counted; together with this LF it is one line end.
            self._line -= 1
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

    def _decode(self, chunk: bytes, *, final: bool = False) -> None:
        if self._invalid_line is None:
            # Bytes of a character that the end of the last chunk cut.
            kept = len(self._decoder.getstate()[0])
            try:
                self._decoder.decode(chunk, final)
            except UnicodeDecodeError as error:
                self._invalid_line = self._line + _count_lines(chunk[: max(error.start - kept, 0)])


def as_utf8(chunks: Iterator[bytes], encoding: TextEncoding) -> Iterator[bytes]:
    """The chunks as UTF-8 without a byte order mark; a character cut by a chunk's end moves to the next chunk."""
    if encoding.name == "utf-8":
        yield from _cut_at_characters(chunks, bom=encoding.bom)
        return
    for chunk in chunks:
        yield _western_as_utf8(chunk)


def _western_as_utf8(chunk: bytes) -> bytes:
    if chunk.isascii():
        return chunk
    # A regular expression would hold the interpreter's lock and keep other threads waiting.
    has_c1 = np.frombuffer(chunk, np.int8).min() <= _LAST_C1
    return (decode_windows_1252(chunk) if has_c1 else chunk.decode("latin-1")).encode()


def _cut_at_characters(chunks: Iterator[bytes], *, bom: bool) -> Iterator[bytes]:
    left = b""
    for raw in chunks:
        chunk = left + raw
        if bom:
            chunk, bom = chunk.removeprefix(codecs.BOM_UTF8), False
        cut = len(chunk)
        while cut and chunk[cut - 1] & 0xC0 == 0x80:  # noqa: PLR2004 - continuation byte, RFC 3629
            cut -= 1
        if cut and chunk[cut - 1] >= 0xC0:  # noqa: PLR2004 - first byte of a character, RFC 3629
            cut -= 1
        left = chunk[cut:] if len(chunk) - cut < 4 else b""  # noqa: PLR2004 - longest character, RFC 3629
        yield chunk[: len(chunk) - len(left)]
    if left:
        yield left


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
