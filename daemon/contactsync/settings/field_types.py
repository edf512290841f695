"""Types of settings that pydantic lacks, each with an error message that names a valid value."""

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
from contactsync.domain.portable_names import MAX_CHARACTERS, is_device, is_unsafe, portable
from contactsync.settings.database_url import url_problem

_CAMPAIGN_ZIP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}_-?[0-9]+_.*", re.DOTALL)
_HOST_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")

MAX_SOCKET_PATH_BYTES = 107
"""unix(7): `sun_path` has 108 bytes, the last one a NUL."""

Seconds = Annotated[float, Field(ge=0, le=86_400)]


def _absolute(value: object) -> Path:
    text = str(value)
    if not text or "\0" in text:
        raise ValueError("must be the path of a folder or file, not empty")
    return Path(os.path.abspath(text))


def _patterns(value: object) -> object:
    """Parse the JSON list of an environment variable."""
    return _json_list(value, '["*.part", "*.tmp"]')


def _names(value: object) -> object:
    return _json_list(value, '["contactsync.example.net"]')


def _json_list(value: object, example: str) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError(f"must be a JSON list, such as {example}") from None


def _no_pattern_for_all(value: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in value:
        if not pattern.strip("*"):
            raise ValueError(f"the pattern {pattern!r} would ignore every upload: remove it")
    return value


def _host_names(value: tuple[str, ...]) -> tuple[str, ...]:
    for name in value:
        if not _HOST_NAME.fullmatch(name):
            raise ValueError(
                f'{name!r} is not the name of a host: write it without port, such as "contactsync.example.net"'
            )
    return tuple(name.lower().removesuffix(".") for name in value)


def _short_enough(value: Path) -> Path:
    if len(os.fsencode(value)) > MAX_SOCKET_PATH_BYTES:
        raise ValueError(
            f"must be at most {MAX_SOCKET_PATH_BYTES} bytes long, because it names a Unix socket"
        )
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
HostNames = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names), AfterValidator(_host_names)]
SocketPath = Annotated[Path, BeforeValidator(_absolute), AfterValidator(_short_enough)]


def daily_name_problem(template: str) -> str | None:
    """Why this `daily_zip_name` is invalid, or None."""
    name = template.replace("{day}", "2015-04-27")
    if not name.endswith(".zip") or name.startswith(".") or len(name.encode()) > MAX_NAME_BYTES:
        return "must be a file name that ends in .zip and does not start with a dot"
    if any(c in "{}" or is_unsafe(c) or not c.isprintable() for c in name):
        return 'must not contain < > : " / \\ | ? *, control characters, or a {…} other than {day}'
    if portable(name.removesuffix(".zip"), ".zip") != name or is_device(name):
        return (
            f"must have at most {MAX_CHARACTERS} characters, no dot or space before .zip, and no name that is "
            "reserved on Windows, such as nul.zip"
        )
    if _CAMPAIGN_ZIP.fullmatch(name):
        return "could be the name of a campaign's zip: do not put a number between two _ after the day"
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
