"""Validates e-mail addresses and brings them into their stored form (protocol 3), a whole column at a time. Pure.

The rule is `email-validator`'s. Calling it costs about 25 µs per value, so one RE2 pattern over the column
accepts the plain ASCII addresses, nearly all of a real file, and another one rejects what cannot be an address.
The rest is judged by its two parts (`domains.py`), and by the library where these are unusual. Every answer is
the library's: `tests/unit/reading/values/test_emails.py` compares them.
"""

from __future__ import annotations

import unicodedata

import email_validator
import pyarrow as pa
import pyarrow.compute as pc

from contactsync.reading.values import distinct, domains

MAX_BYTES = 254
"""The longest address in bytes of UTF-8, by RFC 5321 4.5.3.1.3 (RFC 3696 erratum 1690) and the library."""

# The local part and the `@` take at least two bytes, so a domain has at most 63: no label is too long
# (RFC 1035 2.3.1) and no other limit is near. The library judges longer addresses.
_PLAIN_BYTES = 65

# Lower case only, because it is matched against the lowered column. The atoms are those of RFC 5322 3.2.3. A
# label without `--` is neither Punycode nor reserved (RFC 5890 2.3.1). A domain has a dot and ends in a letter.
_ATOM = r"[a-z0-9_!#$%&'*+\-/=?^`{|}~]+"
_LABEL = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_PLAIN = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?:[a-z0-9]+-)*[a-z0-9]*[a-z]$"

# What an address can be at most: the library rejects every one with a quote. Cells that do not match cost no call per value.
_POSSIBLE = r"^[^\x00-\x20\"(),:;<>@\[\\\]\x7f]+@[a-zA-Z0-9.\-\x{80}-\x{10ffff}]+$"

_ATOM_SIGNS = frozenset("_!#$%&'*+-/=?^`{|}~")

_SPECIAL = tuple(f".{name}" for name in email_validator.SPECIAL_USE_DOMAIN_NAMES)


_USUAL, _MARK, _UNSAFE = "a", "m", "x"


class _Kinds(dict[int, str]):
    """What the library thinks of each character of a local part, for `str.translate`; computed when first seen.

    A dot stays a dot. Letters, numbers, punctuation and symbols of any script are usual, beside the signs of an
    ASCII atom. A combining mark must not come first (`email_validator.syntax.check_unsafe_chars`).
    """

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character.isascii():
            self[code] = _USUAL if character.isalnum() or character in _ATOM_SIGNS else _UNSAFE
        else:
            category = unicodedata.category(character)[0]
            self[code] = _MARK if category == "M" else _USUAL if category in "LNPS" else _UNSAFE
        return self[code]


_KINDS = _Kinds({ord("."): "."})


def normalise_one(value: str) -> str | None:
    """The stored form of one trimmed address, or None if it is invalid, by the library alone (protocol 3).

    Python's lower-casing may lengthen an address that the library accepted (`İ`: from 2 bytes to 3), to at
    most 254 characters and 381 bytes. No index row is too long, but such a form may be invalid when it is
    read again.
    """
    try:
        return email_validator.validate_email(value, check_deliverability=False).normalized.lower()
    except email_validator.EmailNotValidError:
        return None


def judge_one(value: str) -> str | None:
    """The same as `normalise_one` for at most 254 bytes; the library judges only what is nearly too long."""
    local, at, domain = value.partition("@")
    if not at or not _is_valid_local(local):
        return None
    composed = unicodedata.normalize("NFC", local)
    if composed != local and not _is_valid_local(composed):
        return None
    judged = domains.judge(domain)
    if judged is None:
        return None
    stored, size = judged
    # The library measures several forms of a long address.
    bytes_before = max(len(local.encode()), len(composed.encode()))
    if bytes_before + 1 + max(size, len(stored.encode())) > MAX_BYTES:
        return normalise_one(value)
    return f"{composed}@{stored}".lower()


def _is_valid_local(local: str) -> bool:
    """Whether the library accepts the local part. It accepts none with a quote: quoting is not allowed."""
    kinds = local.translate(_KINDS)
    return (
        _UNSAFE not in kinds
        and kinds[:1] not in ("", ".", _MARK)
        and not kinds.endswith(".")
        and ".." not in kinds
    )


def normalise(column: pa.StringArray) -> pa.StringArray:
    """The stored forms of a column of trimmed addresses; null if the address is invalid or null.

    The result is as long as `column` and each value is `normalise_one`'s. Raises nothing for any text.
    """
    lowered = pc.ascii_lower(column)
    size = pc.binary_length(column)
    plain = pc.and_(pc.match_substring_regex(lowered, _PLAIN), pc.less_equal(size, _PLAIN_BYTES))
    for name in _SPECIAL:
        plain = pc.and_not(plain, pc.ends_with(lowered, name))
    answers = pc.if_else(plain, lowered, pa.scalar(None, pa.string()))
    # Too long is invalid in any case, and the library is slow on 32,768 characters.
    left = pc.and_not(pc.less_equal(size, MAX_BYTES), plain)
    if pc.any(left).as_py():
        left = pc.and_(left, pc.match_substring_regex(column, _POSSIBLE))
    left = pc.fill_null(left, False)
    rest = column.filter(left)
    if not len(rest):
        return answers
    return pc.replace_with_mask(answers, left, distinct.map_distinct(rest, judge_one))
