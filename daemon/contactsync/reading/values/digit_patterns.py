r"""Which texts a pattern of libphonenumber's metadata matches: their lengths and first digits. Pure.

Such a pattern may contain digits, `\d`, classes of digits, `(?:…)`, `|`, `{m,n}` and `?`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations_with_replacement

_DIGIT = re.compile(r"\\d|[0-9]|\[[0-9-]+\]")
_COUNT = re.compile(r"\{([0-9]+)(?:,([0-9]+))?\}|(\?)")


@dataclass(frozen=True, slots=True)
class _Repeated:
    """One of these digits, or one of these alternatives, between `low` and `high` times."""

    once: frozenset[str] | _Alternatives
    low: int
    high: int


_Alternatives = tuple[tuple[_Repeated, ...], ...]
"""Sequences, any of which may match."""


@dataclass(frozen=True, slots=True)
class Language:
    """What a pattern matches: texts of these lengths that begin with these digits."""

    widths: frozenset[int]
    firsts: frozenset[str]


def language(pattern: str) -> Language:
    """The lengths and first digits of what a pattern matches. Raises ValueError for any other form of pattern."""
    return _language(_parsed(pattern))


def _language(pattern: _Alternatives) -> Language:
    all_widths, all_firsts = frozenset[int](), frozenset[str]()
    for sequence in pattern:
        widths, firsts = frozenset({0}), frozenset[str]()
        for item in sequence:
            one = item.once
            once = Language(frozenset({1}), one) if isinstance(one, frozenset) else _language(one)
            firsts = firsts | once.firsts if 0 in widths else firsts
            times = range(item.low, item.high + 1)
            sums = {sum(c) for n in times for c in combinations_with_replacement(once.widths, n)}
            widths = frozenset(a + b for a in widths for b in sums)
        all_widths, all_firsts = all_widths | widths, all_firsts | firsts
    return Language(all_widths, all_firsts)


def _parsed(pattern: str) -> _Alternatives:
    parsed, rest = _alternatives(pattern)
    if rest:
        raise ValueError(rest)
    return parsed


def _alternatives(text: str) -> tuple[_Alternatives, str]:
    """The alternatives at the beginning of `text`, and the text after them."""
    first, text = _sequence(text)
    found = [first]
    while text.startswith("|"):
        other, text = _sequence(text[1:])
        found.append(other)
    return tuple(found), text


def _sequence(text: str) -> tuple[tuple[_Repeated, ...], str]:
    """The counted digits and groups at the beginning of `text`, and the text after them."""
    found: list[_Repeated] = []
    while text and text[0] not in "|)":
        once: frozenset[str] | _Alternatives
        if text.startswith("(?:"):
            once, text = _alternatives(text[3:])
            end = 1 if text.startswith(")") else 0
        else:
            digit = _DIGIT.match(text)
            end = digit.end() if digit else 0
            once = frozenset(digit for digit in "0123456789" if re.fullmatch(text[:end], digit))
        if not end:
            raise ValueError(text)
        text = text[end:]
        low, high = 1, 1
        if count := _COUNT.match(text):
            low, high = (0, 1) if count[3] else (int(count[1]), int(count[2] or count[1]))
            text = text[count.end() :]
        found.append(_Repeated(once, low, high))
    return tuple(found), text
