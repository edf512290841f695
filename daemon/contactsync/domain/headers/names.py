"""How headers are compared, the names that the protocol and an account give to columns (protocol 2). Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from contactsync.domain.account import Account
from contactsync.domain.columns import ENGLISH, FRENCH, RESULT_HEADERS

_MARKS = frozenset("-_.*:")
"""Marks that programs put into headers, such as `E-mail`, `Code_postal`, `Nom*`."""


MAX_FOLDED_CHARACTERS = 256
"""A longer header is compared as it is: normalising a megabyte of combining marks takes minutes."""


class _Characters(dict[int, str]):
    """What a character of a decomposed header counts as, for `str.translate`: itself or nothing."""

    def __missing__(self, code: int) -> str:
        self[code] = "" if _is_dropped(chr(code)) else chr(code)
        return self[code]


_CHARACTERS = _Characters()


# A header is compared by several rules, and with each separator. All headers of a line fit.
@lru_cache(maxsize=512)
def fold(header: str) -> str:
    """The form in which headers are compared.

    Case, accents (NFKD, combining marks dropped), white space, format characters and `- _ . * :` do not count.
    """
    if len(header) > MAX_FOLDED_CHARACTERS:
        return header
    return unicodedata.normalize("NFKD", header).translate(_CHARACTERS).casefold()


def _is_dropped(character: str) -> bool:
    return (
        character in _MARKS
        or character.isspace()
        or unicodedata.combining(character) != 0
        or unicodedata.category(character) == "Cf"
    )


def visible(header: str) -> str:
    """A header without white space and format characters around it."""
    start, end = 0, len(header)
    while start < end and _is_invisible(header[start]):
        start += 1
    while end > start and _is_invisible(header[end - 1]):
        end -= 1
    return header[start:end]


def _is_invisible(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) == "Cf"


STANDARD: Mapping[str, str] = MappingProxyType(
    {fold(name): key for names in (FRENCH, ENGLISH) for key, name in names.items()}
)
"""Folded French or English name of the protocol → column key."""

IGNORED = frozenset(fold(header) for header in RESULT_HEADERS)


@dataclass(frozen=True, slots=True)
class HeaderRules:
    """How an account's headers are matched.

    `labels` are its names for `Champ 1` … `Champ 15`. `mapping` pairs folded headers of its own with column keys;
    the first pair that a file has wins. `known`: headers of other programs are recognised.
    """

    labels: Sequence[str | None] = ()
    mapping: Sequence[tuple[str, str]] = ()
    known: bool = True

    @classmethod
    def of(cls, account: Account) -> HeaderRules:
        """The rules of an account. A mapping that means nothing, which only SQL can write, has no effect."""
        pairs = (parse_mapping(option, account.field_labels) for option in account.header_map)
        mapping = tuple((fold(header), key) for header, key in pairs if key)
        return cls(account.field_labels, mapping, account.headers == "known")

    def own(self) -> dict[str, str]:
        """Folded names of the protocol and the account's labels → column key."""
        labels = {fold(label): f"field_{n}" for n, label in enumerate(self.labels, start=1) if label}
        return {**labels, **STANDARD}


def parse_mapping(option: str, labels: Sequence[str | None]) -> tuple[str, str | None]:
    """`HEADER=COLUMN` as the header and the column's key, None if there is no such column."""
    header, _, column = option.rpartition("=")
    return visible(header), HeaderRules(labels).own().get(fold(column))


def mapping_problem(header: str, key: str | None, labels: Sequence[str | None]) -> str | None:
    """Why an account cannot map this header to this column, or None (protocol 2)."""
    folded = fold(header)
    if not folded:
        return "names no header"
    if key is None:
        return "names no column of the protocol, such as Mobile"
    # `Title` is a civility or a job; an account may decide which.
    own = HeaderRules(labels).own()
    if folded in IGNORED or (folded in own and folded != fold(ENGLISH["civility"])):
        return f"{header!r} is a column's own name already"
    if any(c in header for c in "\r\n\0"):
        return "holds a line end"
    return None


def label_problem(labels: Sequence[str | None]) -> str | None:
    """Why the account's field labels cannot be used, as one sentence, or None (protocol 2)."""
    seen: dict[str, int] = {}
    for number, label in enumerate(labels, start=1):
        if not label:
            continue
        folded = fold(label)
        if not folded:
            return f"label {number} is blank"
        if STANDARD.get(folded, f"field_{number}") != f"field_{number}" or folded in IGNORED:
            return f"label {number} ({label!r}) is the name of a standard column; choose another"
        if folded in seen:
            return f"labels {seen[folded]} and {number} are the same ({label!r}); choose another"
        if any(c in label for c in "\r\n\0"):
            return f"label {number} holds a line end"
        seen[folded] = number
    return None
