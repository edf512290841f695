"""Judges the domain of an e-mail address as `email-validator` does, without calling it where it can. Pure.

The library takes up to 0.7 ms for an internationalised domain, because it looks up every character in the
tables of `idna` at every step. Here each character is looked up once and kept. What is not certain is left
to the library. `tests/unit/reading/values/test_domains.py` compares the two.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

import email_validator
import idna
from idna import idnadata
from idna.intranges import intranges_contain

Judged = tuple[str, int] | None
"""The stored form and the most bytes that its ASCII form may have; None if the domain is invalid."""

MAX_BYTES = 253
"""The longest domain in its ASCII form, by RFC 1035 2.3.4."""

_MAX_LABEL_BYTES = 63
_SHORT_LABEL = 8
"""The Punycode of so few characters fits into a label: none takes more than seven digits (RFC 3492 6.3)."""

# A label in lower case, and one that RFC 5890 2.3.1 reserves.
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_RESERVED = re.compile(r"..--")

_SPECIAL = tuple(f".{name}" for name in email_validator.SPECIAL_USE_DOMAIN_NAMES)

# All blocks that may hold right-to-left letters.
_MAYBE_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010000-\U0001ffff]")

# Hebrew or Arabic letters, then also ASCII digits: such a label keeps the rule.
_RIGHT_TO_LEFT = re.compile("[\u05d0-\u05ea\u0620-\u064a][\u05d0-\u05ea\u0620-\u064a0-9]*")

_CONTEXTUAL = ("CONTEXTJ", "CONTEXTO")

_REPEATED: Final = 1 << 14
"""How many domains are kept: more than a file's batch of 1 MiB usually has."""


class _Invalid(Exception):  # noqa: N818 - a verdict on a character, not an error of ours
    """No domain may contain the character."""


class _Doubtful(Exception):  # noqa: N818 - a verdict on a character, not an error of ours
    """Whether a domain may contain the character depends on the others."""


class _Characters(dict[int, str]):
    """What UTS 46 makes of each character, for `str.translate`; computed when a character is first seen."""

    def __missing__(self, code: int) -> str:
        self[code] = _mapped(chr(code))
        return self[code]


_CHARACTERS = _Characters()


@lru_cache(maxsize=_REPEATED)
def judge(domain: str) -> Judged:
    """Judge a domain of ASCII letters, digits, `.`, `-` and any other characters beyond ASCII."""
    try:
        mapped = unicodedata.normalize("NFC", domain.translate(_CHARACTERS))
        labels = [_label(label) for label in mapped.split(".")]
    except _Invalid:
        return None
    except _Doubtful:
        return _by_library(domain)
    whole = ".".join([stored for stored, _ in labels])
    bound = sum([most for _, most in labels]) + len(labels) - 1
    if bound > MAX_BYTES:
        return _by_library(domain)
    top = labels[-1][0]
    last = top[-1] if top.isascii() else top.encode("punycode").decode()[-1]
    valid = len(labels) > 1 and last.isalpha() and not f".{whole}".endswith(_SPECIAL)
    return (whole, bound) if valid and _keeps_directions(whole) else None


@lru_cache(maxsize=_REPEATED)
def _label(label: str) -> tuple[str, int]:
    """A label of mapped characters as people read it, and the most bytes that its ASCII form may have.

    Raises _Invalid, or _Doubtful if the label is unusual.
    """
    if label.isascii():
        if not label.startswith("xn--"):
            if len(label) > _MAX_LABEL_BYTES or not _LABEL.fullmatch(label) or _RESERVED.match(label):
                raise _Invalid
            return label, len(label)
        stored, size = _decoded(label), len(label)
    elif label.startswith("xn--"):
        raise _Doubtful
    else:
        stored = label
        # Encoding takes longer than everything else.
        short = len(label) <= _SHORT_LABEL
        size = _MAX_LABEL_BYTES if short else len("xn--") + len(label.encode("punycode"))
    if size > _MAX_LABEL_BYTES or stored[0] == "-" or stored[-1] == "-" or _RESERVED.match(stored):
        raise _Invalid
    if unicodedata.category(stored[0])[0] == "M":
        raise _Doubtful
    return stored, size


def _decoded(label: str) -> str:
    """The text that a label in Punycode encodes; it must already be in the form that UTS 46 maps to."""
    code = label.removeprefix("xn--").encode()
    try:
        plain = code.decode("punycode")
    except UnicodeError:
        raise _Invalid from None
    for letter in plain:
        if not letter.isascii() and not _is_permitted(letter) and not _depends_on_neighbours(letter):
            raise _Invalid
    if plain.isascii() or unicodedata.normalize("NFC", plain.translate(_CHARACTERS)) != plain:
        raise _Doubtful
    # RFC 5891 5.3: there is one Punycode for a label.
    if plain.encode("punycode") != code:
        raise _Invalid
    return plain


def _keeps_directions(domain: str) -> bool:
    """Whether a domain of permitted characters keeps the rule for right-to-left scripts (RFC 5893)."""
    if not _MAYBE_RIGHT_TO_LEFT.search(domain):
        return True
    labels = domain.split(".")
    if not any(map(_RIGHT_TO_LEFT.fullmatch, labels)) and not any(map(_is_right_to_left, domain)):
        return True
    return all(map(_keeps_direction, labels))


def _is_right_to_left(character: str) -> bool:
    return unicodedata.bidirectional(character) in ("R", "AL", "AN")


# A file has many names under few top-level domains.
@lru_cache(maxsize=_REPEATED)
def _keeps_direction(label: str) -> bool:
    if _RIGHT_TO_LEFT.fullmatch(label):
        return True
    try:
        return idna.check_bidi(label, check_ltr=True)
    except idna.IDNAError:
        return False


def _mapped(character: str) -> str:
    """The character as UTS 46 maps it, where each label that consists of such characters is valid (RFC 5892).

    Raises _Invalid, or _Doubtful for the characters of RFC 5892 A, which depend on their neighbours.
    """
    if character.isascii():
        return character.lower()
    category = unicodedata.category(character)
    if category[0] in "ZC":
        raise _Invalid
    try:
        mapped = idna.uts46_remap(character, std3_rules=False)
    except idna.IDNAError:
        raise _Invalid from None
    if mapped and all(map(_is_permitted, mapped)):
        return mapped
    if mapped == character and category[0] == "S":
        raise _Invalid
    raise _Doubtful


@lru_cache(maxsize=_REPEATED)
def _is_permitted(character: str) -> bool:
    if character.isascii():
        return character.isalnum()
    return intranges_contain(ord(character), idnadata.codepoint_classes["PVALID"])


def _depends_on_neighbours(character: str) -> bool:
    return any(intranges_contain(ord(character), idnadata.codepoint_classes[kind]) for kind in _CONTEXTUAL)


def _by_library(domain: str) -> Judged:
    try:
        found = email_validator.validate_email(f"a@{domain}", check_deliverability=False)
    except email_validator.EmailNotValidError:
        return None
    return found.domain, len(found.ascii_domain)
