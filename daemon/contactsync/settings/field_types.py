"""The types of settings that pydantic does not have, each with a sentence for a value that does not fit."""

from __future__ import annotations

import ipaddress
import json
import os
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from contactsync.domain.names import MAX_NAME_BYTES
from contactsync.settings.database_url import url_problem

_CAMPAIGN_ZIP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}_-?[0-9]+_.*", re.DOTALL)

Seconds = Annotated[float, Field(ge=0, le=86_400)]


def _absolute(value: object) -> Path:
    text = str(value)
    if not text or "\0" in text:
        raise ValueError("must be the path of a folder or file, and not empty")
    return Path(os.path.abspath(text))


def _patterns(value: object) -> object:
    """A variable holds the list as JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('must be a list in JSON, such as ["*.part", "*.tmp"]') from None


def _no_pattern_for_all(value: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in value:
        if not pattern.strip("*"):
            raise ValueError(f"the pattern {pattern!r} would leave every upload where it is: take it out")
    return value


def _libpq(value: str) -> str:
    if problem := url_problem(value):
        raise ValueError(problem)
    return value


AbsolutePath = Annotated[Path, BeforeValidator(_absolute)]
DatabaseUrl = Annotated[str, AfterValidator(_libpq)]
Patterns = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(_patterns), AfterValidator(_no_pattern_for_all)
]


def daily_name_problem(template: str) -> str | None:
    """Why `daily_zip_name` cannot be used, or None."""
    name = template.replace("{day}", "2015-04-27")
    if not name.endswith(".zip") or name.startswith(".") or len(name.encode()) > MAX_NAME_BYTES:
        return "must be a file name that ends in .zip and has no leading dot"
    if any(c in "/{}" or not c.isprintable() for c in name):
        return "must hold no /, no control character, and no {…} but {day}"
    if _CAMPAIGN_ZIP.fullmatch(name):
        return "could be the name of a campaign's zip: put no number between two _ behind the day"
    return None


def _daily_name(value: str) -> str:
    if problem := daily_name_problem(value):
        raise ValueError(problem)
    return value


DailyName = Annotated[str, AfterValidator(_daily_name)]


def _ip_address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError("must be an IP address, such as 127.0.0.1, ::1 or 0.0.0.0") from None


IpAddress = Annotated[str, AfterValidator(_ip_address)]
