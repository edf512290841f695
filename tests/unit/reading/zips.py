"""Zips for tests: sound ones, ZIP64 ones and manipulated ones."""

from __future__ import annotations

import io
import struct
import zipfile

CSV = b"Email;Nom\n" + b"".join(b"user%d@example-mail.fr;N%d\n" % (n, n * 7919) for n in range(400))


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    """A zip of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
        archive.comment = comment
    return out.getvalue()


def zip64(data: bytes) -> bytes:
    """The same zip with a ZIP64 end record, as streaming writers make it whatever the size (APPNOTE 4.3.14)."""
    place = data.index(b"PK\x05\x06")
    *_, count, size, start, _ = struct.unpack_from("<4s4H2LH", data, place)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, place, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return data[:place] + record + locator + end


def patched(data: bytes, *, flags: int | None = None, method: int | None = None) -> bytes:
    """The zip with other flags or another method in its first local header and every directory entry."""
    raw = bytearray(data)
    places = [0, *(at for at in range(len(raw)) if raw[at : at + 4] == b"PK\x01\x02")]
    for at in places:
        shift = at + (6 if raw[at + 2] == 3 else 8)
        if flags is not None:
            struct.pack_into("<H", raw, shift, flags)
        if method is not None:
            struct.pack_into("<H", raw, shift + 2, method)
    return bytes(raw)
