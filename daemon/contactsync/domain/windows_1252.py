"""Windows-1252 as a codec in which every byte has a character (protocol 2). Pure."""

from __future__ import annotations

import codecs

# Windows-1252 leaves five bytes out; they are read as ISO-8859-1's C1 controls (protocol 2).
_CP1252 = "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in range(256))


def decode_windows_1252(data: bytes) -> str:
    """Every byte becomes one character: ISO-8859-1, its 0x80–0x9F read as Windows-1252 (protocol 2)."""
    return codecs.charmap_decode(data, "strict", _CP1252)[0]


_CP1252_ENCODING = codecs.charmap_build(_CP1252)


def encode_windows_1252(text: str) -> bytes:
    """The inverse of `decode_windows_1252`; a character without a byte becomes `?`."""
    return codecs.charmap_encode(text, "replace", _CP1252_ENCODING)[0]
