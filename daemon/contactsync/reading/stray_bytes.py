"""Files in two encodings: UTF-8 in which some bytes belong to no character (protocol 2). Pure.

Spreadsheets and scripts glue texts together: one Western byte must not spoil a whole UTF-8 file.
"""

from __future__ import annotations

import codecs

import numpy as np
import numpy.typing as npt

from contactsync.domain.windows_1252 import decode_windows_1252

_LAST_CONTINUATION = np.int8(0xBF - 0x100)
"""As signed numbers, bytes 0x80 to 0xBF are the lowest of all."""


def count_encodings(data: bytes) -> tuple[int, int]:
    """How many sequences begin with C2 or C3, as Western letters in UTF-8 do, and how many bytes are stray."""
    codes, signed = np.frombuffer(data, np.uint8), np.frombuffer(data, np.int8)
    # Most Western texts have no lead byte before a continuation byte. Only their few bytes beyond ASCII are compared.
    places = np.flatnonzero(signed < 0)
    leads = places[:-1][np.diff(places) == 1]
    if not ((codes[leads] >= 0xC2) & (signed[leads + 1] <= _LAST_CONTINUATION)).any():  # noqa: PLR2004 - RFC 3629
        return 0, len(places)
    western = (codes[:-1] >> 1 == 0xC2 >> 1) & (signed[1:] <= _LAST_CONTINUATION)
    return int(np.count_nonzero(western)), int(np.count_nonzero(stray_bytes(data)))


def count_western(data: bytes) -> int:
    """How many sequences of valid UTF-8 begin with C2 or C3. `bytes.count` takes ten times as long."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) >> 1 == 0xC2 >> 1))


def stray_bytes(data: bytes) -> npt.NDArray[np.bool_]:
    """Which bytes are neither ASCII nor in a valid UTF-8 sequence (RFC 3629, section 4)."""
    codes = np.frombuffer(data + bytes(3), np.uint8)
    lead, second = codes[:-3], codes[1:-2]
    tail = codes & 0xC0 == 0x80  # noqa: PLR2004 - continuation byte, RFC 3629
    two, three, four = tail[1:-2], tail[1:-2] & tail[2:-1], tail[1:-2] & tail[2:-1] & tail[3:]
    two = two & (lead >= 0xC2) & (lead <= 0xDF)  # noqa: PLR2004 - RFC 3629
    three = three & (lead & 0xF0 == 0xE0) & _within(lead, second, 0xE0, 0xED, 0xA0)  # noqa: PLR2004 - RFC 3629
    four = four & (lead >= 0xF0) & (lead <= 0xF4) & _within(lead, second, 0xF0, 0xF4, 0x90)  # noqa: PLR2004 - RFC 3629
    covered = two | three | four
    begins = covered.copy()
    covered[1:] |= begins[:-1]
    covered[2:] |= (three | four)[:-2]
    covered[3:] |= four[:-3]
    stray: npt.NDArray[np.bool_] = (lead >= 0x80) & ~covered  # noqa: PLR2004 - not ASCII
    return stray


def _within(
    lead: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8], lowest: int, highest: int, bound: int
) -> npt.NDArray[np.bool_]:
    """Neither an overlong form nor a surrogate nor past U+10FFFF: the second byte of some leads is limited."""
    allowed: npt.NDArray[np.bool_] = ((lead != lowest) | (second >= bound)) & (
        (lead != highest) | (second < bound)
    )
    return allowed


def decode_mixed(data: bytes) -> str:
    """The text: sequences as UTF-8, stray bytes as Windows-1252."""
    return data.decode("utf-8", _STRAY)


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return decode_windows_1252(error.object[error.start : error.end]), error.end


_STRAY = "contactsync.stray_bytes"
codecs.register_error(_STRAY, _as_windows_1252)
