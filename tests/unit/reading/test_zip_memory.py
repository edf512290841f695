"""A hostile zip is refused in little memory: each is read by a process of its own, whose peak the kernel keeps."""

from __future__ import annotations

import bz2
import lzma
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.reading.zips import CSV, patched, zipped

MIB = 1 << 20
LIMIT = 256 * MIB
MAX_GROWTH = 50 * MIB

READ = """
import re, sys
from pathlib import Path
from contactsync.domain.errors import FileRefused
from contactsync.reading.container import open_content

def drain(path):
    try:
        for chunk in open_content(Path(path), max_inflated_bytes=int(sys.argv[3])).chunks():
            pass
    except FileRefused as refusal:
        return refusal.code
    return "read"

def kilobytes(what):
    return int(re.search(what + r":\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])

harmless = drain(sys.argv[1])
# proc(5): sets VmHWM back. ru_maxrss would begin with the peak of the process that started this one.
Path("/proc/self/clear_refs").write_text("5")
before = kilobytes("VmRSS")
print(harmless, drain(sys.argv[2]), 1024 * (kilobytes("VmHWM") - before))
"""


def directory(count: int, *, claimed: int, name: bytes = b"a") -> bytes:
    """A zip of an empty member that its directory lists `count` times; its end record claims another number."""
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 33, 0, 0, 0, len(name), 0) + name
    fields = (20, 20, 0, 0, 0, 33, 0, 0, 0, len(name), 0, 0, 0, 0, 0, 0)
    entries = (struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *fields) + name) * count
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, claimed, claimed, len(entries), len(local), 0)
    return local + entries + end


def deflated(block: bytes, times: int) -> bytes:
    """A zip of one member that inflates to `times` times `block`, made without inflating it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    body = first * times + packer.flush(zlib.Z_FINISH)
    fields = (20, 0, 8, 0, 33, 0, len(body), 9, 5, 0)
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", *fields) + b"a.csv"
    entry = struct.pack("<4sH5H3L5H2L", b"PK\x01\x02", 20, *fields, 0, 0, 0, 0, 0) + b"a.csv"
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(local) + len(body), 0)
    return local + body + entry + end


def of_method(method: int, body: bytes) -> bytes:
    """A zip whose one member is `body` under another method than the one that made it."""
    return patched(zipped(("a.csv", body), method=zipfile.ZIP_STORED), method=method)


def lzma_dictionary() -> bytes:
    """A member of a few bytes that asks for a dictionary of 3 GiB (APPNOTE 5.8.8)."""
    body = struct.pack("<2BHBL", 9, 20, 5, 0x5D, 3 << 30) + bytes(16)
    return of_method(zipfile.ZIP_LZMA, body)


ZIPS: dict[str, tuple[Callable[[], bytes], str]] = {
    "a bzip2 bomb": (lambda: of_method(zipfile.ZIP_BZIP2, bz2.compress(bytes(64 * MIB))), "zip_method"),
    "an LZMA dictionary": (lzma_dictionary, "zip_method"),
    "an LZMA bomb": (lambda: of_method(zipfile.ZIP_LZMA, lzma.compress(bytes(64 * MIB))), "zip_method"),
    "a bomb": (lambda: deflated(bytes(MIB), 300), "inflated_too_large"),
    "a bomb of one line": (lambda: deflated(b"x" * MIB, 300), "inflated_too_large"),
    "a bomb in a zip": (lambda: zipped(("a.zip", deflated(bytes(MIB), 300))), "zip_nested"),
    "many zips in zips": (lambda: nested(200), "zip_nested"),
    "395,312 entries behind a count of 1": (lambda: directory(395_312, claimed=1), "zip_several_files"),
    "as many entries as the limit allows": (lambda: directory(22_000, claimed=1), "zip_several_files"),
    "long names": (lambda: directory(15, claimed=1, name=b"n" * 65_000), "zip_several_files"),
    "a directory of 4 GiB": (
        lambda: claiming(directory(2, claimed=2, name=b"\r\n\n"), 12, 0xFFFFFFF0),
        "zip_damaged",
    ),
    "a member of 4 GiB": (lambda: claiming(zipped(("a.csv", CSV)), -22 - 51 + 20, 0xFFFFFFF0), "read"),
}


def nested(depth: int) -> bytes:
    """A zip in a zip, many times."""
    data = CSV
    for _ in range(depth):
        data = zipped(("a.zip", data))
    return data


def claiming(data: bytes, place: int, value: int) -> bytes:
    """The zip with another number at a place, counted from its end record, or from the end if negative."""
    raw = bytearray(data)
    at = len(raw) + place if place < 0 else raw.rindex(b"PK\x05\x06") + place
    struct.pack_into("<L", raw, at, value)
    return bytes(raw)


@pytest.mark.parametrize("what", ZIPS)
def test_a_hostile_zip_takes_little_memory(tmp_path: Path, what: str) -> None:
    """It grows the process by less than 50 MB over what a harmless zip takes."""
    make, expected = ZIPS[what]
    harmless, hostile = tmp_path / "harmless", tmp_path / "hostile"
    harmless.write_bytes(zipped(("a.csv", CSV)))
    hostile.write_bytes(make())
    command = [sys.executable, "-c", READ, str(harmless), str(hostile), str(LIMIT)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ, timeout=120)
    first, code, growth = ended.stdout.split()
    print(f"{what}: {int(growth) / MIB:.1f} MiB")
    assert (first, code) == ("read", expected)
    assert int(growth) < MAX_GROWTH
