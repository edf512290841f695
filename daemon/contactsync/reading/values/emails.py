"""Which e-mail addresses are valid, and the form they are stored in (protocol 3), a whole column at a time. Pure.

The rule is `email-validator`'s. Calling it costs some 25 µs a value, so the plain ASCII addresses, nearly all
of a real file, are told by one RE2 pattern over the column; the library judges what the pattern leaves. The
pattern is narrower than the library, never wider: `tests/unit/test_emails.py` holds the two together.
"""

from __future__ import annotations

import email_validator
import pyarrow as pa
import pyarrow.compute as pc

from contactsync.reading.values import distinct

MAX_BYTES = 254
"""The longest address in bytes of UTF-8, by RFC 5321 4.5.3.1.3 (RFC 3696 erratum 1690) and the library."""

# No local part is empty and the `@` takes a byte: in 65 bytes the domain has at most 63, so no label is too
# long (RFC 1035 2.3.1) and no other limit is near. Longer addresses are the library's.
_PLAIN_BYTES = 65

# Lower case only: it is matched against the lowered column. The atoms are RFC 5322 3.2.3's. A label without
# `--` is neither Punycode nor reserved (RFC 5890 2.3.1). A domain has a dot and ends in a letter.
_ATOM = r"[a-z0-9_!#$%&'*+\-/=?^`{|}~]+"
_LABEL = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_PLAIN = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?:[a-z0-9]+-)*[a-z0-9]*[a-z]$"

_SPECIAL = tuple(f".{name}" for name in email_validator.SPECIAL_USE_DOMAIN_NAMES)


def normalise_one(value: str) -> str | None:
    """The stored form of one trimmed address, or None where it is invalid: the library alone (protocol 3).

    The lower-casing is Python's and may lengthen what the library let pass (`İ`: from 2 bytes to 3), to at
    most 254 characters and 381 bytes: no index row is too long, but such a form may be invalid when read
    again.
    """
    try:
        return email_validator.validate_email(value, check_deliverability=False).normalized.lower()
    except email_validator.EmailNotValidError:
        return None


def normalise(column: pa.StringArray) -> pa.StringArray:
    """The stored forms of a column of trimmed addresses; null where the address is invalid or null.

    The same length as `column`; each value is `normalise_one`'s. Raises nothing for any text.
    """
    lowered = pc.ascii_lower(column)
    size = pc.binary_length(column)
    plain = pc.and_(pc.match_substring_regex(lowered, _PLAIN), pc.less_equal(size, _PLAIN_BYTES))
    for name in _SPECIAL:
        plain = pc.and_not(plain, pc.ends_with(lowered, name))
    answers = pc.if_else(plain, lowered, pa.scalar(None, pa.string()))
    # What is too long is invalid whatever else it is; the library would take its time over 32,768 characters.
    left = pc.fill_null(pc.and_not(pc.less_equal(size, MAX_BYTES), plain), False)
    rest = column.filter(left)
    return (
        pc.replace_with_mask(answers, left, distinct.map_distinct(rest, normalise_one))
        if len(rest)
        else answers
    )
