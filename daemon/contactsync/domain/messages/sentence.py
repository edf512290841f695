"""Puts a sentence together: picks its variant and form, fills its blanks. Pure."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any

from contactsync.domain import names
from contactsync.domain.account import Account, Language
from contactsync.domain.columns import FRENCH
from contactsync.domain.deposit import Claimed
from contactsync.domain.messages import words
from contactsync.domain.messages.sample_numbers import sample_mobile, sample_phone
from contactsync.domain.messages.text import Sentences, Text

BLANKS = MappingProxyType(
    {
        # From the context: who raises a code does not give them.
        "list": "the name of the list that the import fills",
        "claimed_name": "the name that the deposit has in on/, ok/ or ko/",
        "deposit_id": "the deposit's number; {deposit_id:d} has no thousands separator",
        "sep": "the account's separator; {sep:plural}, {sep:the}, {sep:a}",
        "header_line": "an example of a header line that the action accepts",
        "sample_mobile": "a mobile number of the account's region",
        "sample_phone": "a fixed number of the account's region",
        # From the details.
        "count": "int; how many, chooses the form",
        "rows": "int; how many rows the file has",
        "line": "int; one physical line; if absent, the first of `lines`",
        "lines": "list of int; physical lines, the first 100; if absent, its parenthesis is left out",
        "attempts": "int",
        "sqlstate": "str",
        "limit": "int or float; megabytes, or how many contacts or percent an account allows",
        "total": "int; of how many",
        "share": "float; percent",
        "kept": "int; how many rows a rejected file has",
        "read": "int; how many rows were read",
        "found": "a separator ({found:plural} …) or a key of words.KINDS ({found:kind})",
        "expected": "a separator",
        "column": 'str; a column\'s name as the protocol writes it; {column:of} with the French "de" before it',
        "columns": "list of str; the same",
        "header": "str; a header as the file writes it",
        "headers": "list of str; the same",
        "name": "str; a file's name",
        "names": "list of str; files or headers; {names:3} shows three; if absent, its parenthesis is left out",
        "positions": "list of int; columns counted from 1",
        "mapped": "list of (header, list of columns)",
        "date": "datetime with a time zone",
        "claimed": "str; the claimed name of an earlier deposit",
    }
)
"""What a blank of a sentence holds. `count` may also be the number of values behind a warning."""

VARIANTS = MappingProxyType(
    {
        "bom": "invalid_utf8: the file begins with a byte order mark",
        "twice_utf8": "wrong_encoding: UTF-8 that was taken for Western and encoded again",
        "cp850": "wrong_encoding, suspect_encoding",
        "mac_roman": "wrong_encoding, suspect_encoding",
        "lost": "wrong_encoding: accents became question marks",
        "dropped": "wrong_encoding: accented letters are missing, or became another mark",
        "escaped": "wrong_encoding: accented letters are written as codes",
        "means": "missing_column: none of the three means of contact",
        "reference_and_means": "missing_column: both",
        "several": "duplicate_column: several columns appear more than once",
        "below": "no_known_column: the header line is further down",
        "no_header": "no_known_column: the first line is a row",
        "other": "wrong_separator: the file's is none that an account can have",
        "some": "mixed_separators: not every row",
        "line_ends": "no_rows: the header line holds line ends of other systems",
        "every": "too_many_fields: every row",
        "footer": "too_few_fields: all of them end the file",
        "all": "quoted_lines: every line",
        "typographic": "wrong_quotes: typographic quotes instead of apostrophes",
        "doubled": "wrong_quotes: two pairs of quotes",
        "percent": "too_many_removals: the limit is a share",
        "suggestion": "unknown_column: it may mean a known one",
        "refused": "unknown_column: the file is refused",
        "unnamed": "unknown_column: its header looks like personal data",
        "foreign": "invalid_phone, invalid_mobile (row): begins with + or 00",
        "in_reference": "scientific_notation: in Référence; row errors find it by their column",
    }
)
"""The facts that details name as their "variant"; all others are facts of the deposit."""

OPTIONAL = ("lines", "names")
"""Blanks that are left out with their parentheses where nothing is known."""


@dataclass(frozen=True)
class Context:
    """What a sentence depends on besides its code and details: whose deposit it is, and of what kind.

    It has no slots, so that facts and blanks are put together once for the many sentences of a result.
    """

    account: Account
    claimed: Claimed
    deposit_id: int = 0

    @property
    def language(self) -> Language:
        """The account's."""
        return self.account.language

    @cached_property
    def facts(self) -> frozenset[str]:
        """The words by which `Text.variants` and `Text.then` are chosen.

        The kind of the action, `by_<dedup>`, `separator_<name>`, `mode_<number>` of an import, the medium with
        "address" or "number", and "zip" by the file's name.
        """
        action, mode = self.claimed.action, self.claimed.mode
        facts = {
            action.kind,
            f"by_{self.account.dedup}",
            f"separator_{_SEPARATOR_FACTS[self.account.written_separator]}",
        }
        if mode:
            facts.add(f"mode_{int(mode)}")
        if action.medium:
            facts |= {action.medium, "address" if action.means == "email" else "number"}
        if self.claimed.name.lower().endswith(b".zip"):
            facts.add("zip")
        return frozenset(facts)

    @cached_property
    def blanks(self) -> Mapping[str, Any]:
        """The blanks that a deposit fills itself."""
        account, claimed = self.account, self.claimed
        return {
            "list": names.list_name(names.as_text(claimed.name)),
            "claimed_name": names.as_text(claimed.claimed_name),
            "deposit_id": self.deposit_id,
            "sep": account.written_separator,
            "header_line": self._header_line(),
            "sample_mobile": sample_mobile(account.region),
            "sample_phone": sample_phone(account.region),
        }

    def _header_line(self) -> str:
        action = self.claimed.action
        if action.medium:
            return FRENCH[action.means]
        if action.kind == "delete":
            return FRENCH["reference" if self.account.dedup == "reference" else "email"]
        return self.account.written_separator.join(FRENCH[key] for key in ("reference", "last_name", "email"))


_SEPARATOR_FACTS = {";": "semicolon", ",": "comma", "|": "bar", "\t": "tab"}


def sentence(table: Sentences, code: str, context: Context, details: Mapping[str, Any] | None = None) -> str:
    """The sentence of a code in the account's language.

    `details` fill its blanks; their "variant" names further facts. Raises KeyError where a blank has no value.
    """
    return render(table[code], context, details)


def row_error(table: Sentences, code: str, context: Context, column: str | None, variant: str = "") -> str:
    """What is wrong with a row: a phrase without a full stop. `column` is the French header, or None."""
    in_reference = "in_reference" if column == FRENCH["reference"] else ""
    return render(table[code], context, {"variant": f"{variant} {in_reference}"})


def render(text: Text, context: Context, details: Mapping[str, Any] | None = None) -> str:
    """The sentence with what follows it; see `sentence`."""
    given = {**context.blanks, **(details or {})}
    facts = context.facts | set(str(given.get("variant", "")).split())
    chosen = next((each for key, each in text.variants.items() if facts.issuperset(key.split())), text)
    added = (each for key, each in text.then.items() if facts.issuperset(key.split()))
    return " ".join(_fill(each, context, given) for each in (chosen, *added))


def _fill(text: Text, context: Context, given: Mapping[str, Any]) -> str:
    language = context.language
    values = dict(given)
    for name, part in text.parts.items():
        values[name] = _fill(part, context, given)
    if listed := values.get("lines"):
        more = max(values.get("count", 0) - len(listed), 0)
        values = {"line": min(listed), **values, "lines": words.lines(listed, language, more)}
    template = text.form(language, values.get(text.by, 1))
    left_out = frozenset(name for name in OPTIONAL if not values.get(name))
    return _Formatter(context).vformat(_template(template, language, left_out), (), values)


@cache
def _template(template: str, language: Language, left_out: frozenset[str]) -> str:
    """A form with its typography, without the parentheses for which nothing is known."""
    for name in left_out:
        template = re.sub(rf" \(\{{{name}(?::\w+)?\}}\)", "", template)
    return words.spaced(template) if language == "fr" else template


class _Formatter(string.Formatter):
    """Fills blanks by the form that the blank asks for, and by the type of the value."""

    def __init__(self, context: Context) -> None:
        self._language, self._zone = context.language, context.account.time_zone

    def format_field(self, value: Any, format_spec: str) -> str:
        """One value in words."""
        if not format_spec:
            return self._by_type(value)
        if format_spec.isdigit():
            return words.names(value, self._language, int(format_spec))
        match format_spec:
            case "kind":
                filled = words.kind(value, self._language)
            case "as":
                filled = words.mapped(value, self._language)
            case "of":
                filled = words.of(value)
            case "d":
                filled = str(value)
            case _:
                filled = words.separator(value, format_spec, self._language)
        return filled

    def _by_type(self, value: Any) -> str:
        match value:
            case datetime():
                return words.moment(value, self._zone, self._language)
            case float():
                return words.decimal(value, self._language)
            case int():
                return words.number(value, self._language)
            case str():
                return value
            case _:
                return words.joined([str(each) for each in value], self._language)
