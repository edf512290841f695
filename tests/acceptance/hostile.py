"""The deposits of careless and hostile uploaders, as functions that create them."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

from tests.acceptance.tables import HEADER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Put = Callable[[Path], object]
    """Makes a deposit at a path in `in/`."""

MIB = 1 << 20
# The longest that is accepted.
CELL = "x" * 32_768
# It is in every cell and address of the hostile files, and must be in no log line.
CANARY = "canari"
ROW = f"R1;{CANARY};{CANARY}@example.com;0600000001\n"
GOOD = (HEADER + ROW).encode("latin-1")


def raw(content: bytes) -> Put:
    return lambda path: _write(path, content)


def made(content: Callable[[], bytes]) -> Put:
    """Content that is generated when it is needed."""
    return lambda path: _write(path, content())


def text(*rows: str, header: str = HEADER.strip(), encoding: str = "latin-1") -> Put:
    return raw("".join(f"{line}\n" for line in (header, *rows)).encode(encoding))


def zipped(*members: tuple[str, bytes]) -> Put:
    return made(lambda: packed(*members))


def packed(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def encrypted() -> bytes:
    """A zip whose member is marked as encrypted in both of its headers."""
    content = bytearray(packed(("a.csv", GOOD)))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def damaged() -> bytes:
    """A zip with one wrong byte in the middle of its compressed data."""
    content = bytearray(packed(("a.csv", HEADER.encode("latin-1") + os.urandom(4000).hex().encode())))
    content[500] ^= 0xFF
    return bytes(content)


def in_ascii_mode() -> bytes:
    """A zip as a transfer in ASCII mode leaves it: each LF has got a CR."""
    rows = "".join(f"R{n};{CANARY};p{n}@example.com;06{n:08d}\n" for n in range(5000))
    return packed(("a.csv", (HEADER + rows).encode("latin-1"))).replace(b"\n", b"\r\n")


def impossible_zip64() -> bytes:
    """A zip whose ZIP64 locator points past all that an offset can hold."""
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 1 << 63, 1)
    return (
        packed(("a.csv", GOOD))[:-22]
        + locator
        + struct.pack("<4s4H2LH", b"PK\5\6", *[0xFFFF] * 4, *[(1 << 32) - 1] * 2, 0)
    )


def inflating(head: bytes, block: bytes, times: int) -> bytes:
    """A zip of `head` and then `times` times `block`, made without inflating it: the compressed block repeats."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = deflate.compress(head) + deflate.flush(zlib.Z_FULL_FLUSH)
    again = deflate.compress(block) + deflate.flush(zlib.Z_FULL_FLUSH)
    body = first + again * times + deflate.flush(zlib.Z_FINISH)
    size = len(head) + len(block) * times
    # Nothing reads as far as its checksum.
    fields = (20, 0, 8, 0, 33, 0, len(body), size, 5, 0)
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", *fields) + b"a.csv"
    central = struct.pack("<4sH5H3L5H2L", b"PK\x01\x02", 20, *fields, 0, 0, 0, 0, 0) + b"a.csv"
    start = len(local) + len(body)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(central), start, 0)
    return local + body + central + end


def workbook() -> bytes:
    return packed(("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>"))


def document() -> bytes:
    return packed(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<document/>"))


def sparse(size: int) -> Put:
    def put(path: Path) -> None:
        path.touch()
        os.truncate(path, size)

    return put


def symlink(target: str) -> Put:
    return lambda path: path.symlink_to(target)


def hard_link(path: Path) -> None:
    other = path.parents[3] / f"elsewhere-{path.name}"
    other.write_bytes(GOOD)
    path.hardlink_to(other)


def fifo(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    """/dev/zero under another name; needs root."""
    os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))


def _write(path: Path, content: bytes) -> None:
    upload = path.parent / ".upload"
    upload.write_bytes(content)
    upload.rename(path)
