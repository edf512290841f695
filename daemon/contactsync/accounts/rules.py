"""Validates what operators may write to an account's columns, and reports every problem at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, get_args
from zoneinfo import available_timezones

from contactsync.accounts import unix_names
from contactsync.domain import account
from contactsync.domain.columns import FIELDS, FRENCH
from contactsync.domain.headers.names import fold, label_problem, mapping_problem, parse_mapping

CHOICES: Mapping[str, tuple[str, ...]] = {
    "dedup": get_args(account.Dedup),
    "encoding": get_args(account.Encoding),
    "blank_cells": get_args(account.BlankCells),
    "phone_check": get_args(account.PhoneCheck),
    "syntax_errors": get_args(account.SyntaxErrors),
    "language": get_args(account.Language),
    "headers": get_args(account.Headers),
    "date_order": get_args(account.DateOrder),
    "repeats": get_args(account.Repeats),
}
"""The columns with a fixed set of values."""

CLEARABLE = (
    *("home", "unix_user", "unix_group", "settle_seconds", "grace_seconds"),
    *("max_removals", "max_removal_percent"),
)
"""The columns that an empty value sets to null."""

MAX_WAIT_SECONDS = 86_400
"""The longest waiting time of an account, as in the configuration."""

MAX_COUNT = 2**31 - 1
"""The largest integer of its column."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def name_problem(name: str) -> str | None:
    """Why this is not a valid account name (protocol 1), or None."""
    if _NAME.fullmatch(name):
        return None
    return (
        f"NAME: {name!r} must be 1 to 64 letters, digits, '.', '_' or '-', and start with a letter or digit"
    )


def understand(
    given: Mapping[str, str | None],
    labels: Sequence[str],
    current: Mapping[str, Any],
    headers: Sequence[str] = (),
) -> tuple[dict[str, Any], list[str]]:
    """The columns to write, and every problem with them.

    `given` maps columns to the values of options, None for options that were not used. `labels` are
    `N=TEXT`, `headers` are `OLD=NEW`. `current` are the account's columns, empty for a new account.
    """
    problems: list[str] = []
    values: dict[str, Any] = {}
    for column, text in given.items():
        if text is None:
            continue
        value = _NORMALIZED.get(column, str)(text)
        values[column] = None if column in CLEARABLE and not value else value
        if problem := _problem(column, values[column]):
            problems.append(f"--{column.replace('_', '-')}: {problem}")
    if labels:
        values["field_labels"] = _labels(labels, current.get("field_labels") or (None,) * FIELDS, problems)
    merged = {**current, **values}
    if headers:
        names = merged.get("field_labels") or ()
        values["header_map"] = _header_map(headers, current.get("header_map") or (), names, problems)
    if (merged.get("unix_user") is None) != (merged.get("unix_group") is None):
        problems.append("--unix-user and --unix-group: name both or neither")
    return values, problems


def _separator(text: str) -> str:
    return "\t" if text.lower() in (r"\t", "tab") else text


_NORMALIZED: Mapping[str, Callable[[str], str]] = {"separator": _separator, "region": str.upper}


def _problem(column: str, value: str | None) -> str | None:
    if value is None:
        return None
    if not value.isprintable() and column != "separator":
        return f"{value!r} contains a control character, or bytes that are not UTF-8"
    if column in CHOICES:
        return None if value in CHOICES[column] else f"{value!r} is not one of {', '.join(CHOICES[column])}"
    return _OWN_RULES[column](value)


def _separator_problem(value: str) -> str | None:
    known = (*account.SEPARATORS, account.AUTO)
    return None if value in known else f"{value!r} is not one of ';' ',' '|' tab auto"


def _home_problem(value: str) -> str | None:
    path = PurePosixPath(value)
    if path.is_absolute() and ".." not in path.parts and len(path.parts) > 1:
        return None
    return f"{value!r} must be an absolute path, such as /srv/ftp/acme"


def _region_problem(value: str) -> str | None:
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415 - slow to import, rarely needed

    return None if value in SUPPORTED_REGIONS else f"{value!r} is not a region such as FR or BE"


def _time_zone_problem(value: str) -> str | None:
    return None if value in available_timezones() else f"{value!r} is not a time zone such as Europe/Paris"


def _seconds_problem(value: str) -> str | None:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    return (
        None
        if 0 <= seconds <= MAX_WAIT_SECONDS
        else f"{value!r} is not a number of seconds from 0 to {MAX_WAIT_SECONDS}"
    )


def _count_problem(value: str) -> str | None:
    is_count = value.isascii() and value.isdigit() and int(value) <= MAX_COUNT
    return None if is_count else f"{value!r} is not a whole number from 0 to {MAX_COUNT}"


def _percent_problem(value: str) -> str | None:
    try:
        percent = float(value)
    except ValueError:
        percent = -1.0
    return None if 0 <= percent <= 100 else f"{value!r} is not a number from 0 to 100"  # noqa: PLR2004 - percent


_OWN_RULES: Mapping[str, Callable[[str], str | None]] = {
    "separator": _separator_problem,
    "home": _home_problem,
    "unix_user": unix_names.user_problem,
    "unix_group": unix_names.group_problem,
    "region": _region_problem,
    "time_zone": _time_zone_problem,
    "settle_seconds": _seconds_problem,
    "grace_seconds": _seconds_problem,
    "max_removals": _count_problem,
    "max_removal_percent": _percent_problem,
}


def _labels(options: Sequence[str], current: Sequence[str | None], problems: list[str]) -> list[str | None]:
    """The account's fifteen labels after `N=TEXT` (set) and `N=` (remove)."""
    labels = list(current)
    before = len(problems)
    seen: set[int] = set()
    for option in options:
        number, equals, label = option.partition("=")
        place = int(number) if number.isascii() and number.isdigit() and len(number) <= len("15") else 0
        if not equals or not 1 <= place <= FIELDS:
            problems.append(f"--label: {option!r} must be N=TEXT, N from 1 to {FIELDS}, such as 3=Magasin")
        elif place in seen:
            problems.append(f"--label: field {place} is given twice")
        elif not label.isprintable():
            problems.append(f"--label: {option!r} contains a control character, or bytes that are not UTF-8")
        else:
            labels[place - 1] = label.strip() or None
            seen.add(place)
    if len(problems) == before and (problem := label_problem(labels)):
        problems.append(f"--label: {problem}")
    return labels


def _header_map(
    options: Sequence[str], current: Sequence[str], labels: Sequence[str | None], problems: list[str]
) -> list[str]:
    """The account's own headers after `OLD=NEW` (set, and preferred to those before) and `OLD=` (remove)."""
    mapped: dict[str, str] = {fold(option.rpartition("=")[0]): option for option in current}
    for option in options:
        header, key = parse_mapping(option, labels)
        removed = mapped.pop(fold(header), None)
        if not option.isprintable():
            problems.append(f"--header: {option!r} contains a control character, or bytes that are not UTF-8")
        elif option.endswith("="):
            if not removed:
                problems.append(f"--header: {header!r} is not mapped")
        elif "=" not in option:
            problems.append(f"--header: {option!r} must be OLD=NEW, such as Portable=Mobile")
        elif problem := mapping_problem(header, key, labels):
            problems.append(f"--header: {option!r} {problem}")
        else:
            mapped[fold(header)] = f"{header}={FRENCH[key or '']}"
    return list(mapped.values())
