"""What is wrong with a setting, in sentences that name what would be right; and settings shown without their secrets."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin
from urllib.parse import quote

from annotated_types import Ge, Gt, Le
from pydantic.fields import FieldInfo

SECRET_PARAMETERS = ("password", "sslpassword", "oauth_client_secret")
MASK = "********"
SHOWN_CHARACTERS = 60

_URL = re.compile(
    r"(?P<start>postgres(?:ql)?://)(?P<user>[^:@/?#]*)(?::(?P<password>[^/?#]*))?@(?P<rest>.*)", re.DOTALL
)


def expected(field: FieldInfo) -> str:
    """What a value of this setting must be."""
    kind = _kind(field.annotation)
    if get_origin(kind) is Literal:
        return " or ".join(f'"{choice}"' for choice in get_args(kind))
    if kind is bool:
        return "true or false"
    if kind in (int, float):
        number = "a whole number" if kind is int else "a number"
        return f"{number}{_bounds(field)}"
    if kind is Path:
        return 'the path of a folder or file, in quotes, such as "/srv/ftp"'
    if get_origin(kind) is tuple:
        return 'a list of patterns, such as [".*", "*.part"] (as a variable: JSON)'
    return "text, and not empty"


def _kind(annotation: Any) -> Any:
    """The type that is meant, without `None` and `Annotated`."""
    if hasattr(annotation, "__metadata__"):
        return _kind(annotation.__origin__)
    choices = [each for each in get_args(annotation) if each is not type(None)]
    if len(choices) == 1 and get_origin(annotation) not in (tuple, Literal):
        return _kind(choices[0])
    return annotation


def _bounds(field: FieldInfo) -> str:
    least = next((m.ge for m in field.metadata if isinstance(m, Ge)), None)
    above = next((m.gt for m in field.metadata if isinstance(m, Gt)), None)
    most = next((m.le for m in field.metadata if isinstance(m, Le)), None)
    if above is not None:
        return f" above {above}" + (f", at most {most}" if most is not None else "")
    if least is None:
        return ""
    return f" from {least} to {most}" if most is not None else f", at least {least}"


def wrong_type(field: FieldInfo, value: object) -> bool:
    """Whether a value in a TOML file has another type than the setting; a variable is always text."""
    kind = _kind(field.annotation)
    if kind is bool:
        return not isinstance(value, bool)
    if kind in (int, float):
        return isinstance(value, bool) or not isinstance(value, int if kind is int else int | float)
    if get_origin(kind) is tuple:
        return not isinstance(value, list)
    return not isinstance(value, str)


def problem(error: Mapping[str, Any], field: FieldInfo) -> str:
    """One of pydantic's errors as a sentence."""
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return must_be(field, error.get("input"), nested=len(error["loc"]) > 1)


def must_be(field: FieldInfo, value: object, *, nested: bool = False) -> str:
    """The sentence for a value that is of no use; a long one is cut."""
    shown = repr(value) if not isinstance(value, bool) else str(value).lower()
    if len(shown) > SHOWN_CHARACTERS:
        shown = f"{shown[:SHOWN_CHARACTERS]}…"
    return f"must be {expected(field)}, not {shown}{' in it' if nested else ''}"


def no_such_key(key: str, known: list[str]) -> str:
    """The sentence for a key that the program does not know."""
    near = difflib.get_close_matches(key.lower().replace("-", "_"), known, n=1, cutoff=0.6)
    if near:
        return f"there is no such key; did you mean {near[0]}?"
    return f"there is no such key; the keys are {', '.join(known)}"


def url_problem(url: str) -> str | None:
    """Why libpq cannot read a database URL, or None. Nothing of it is quoted: it may hold a password."""
    import psycopg  # noqa: PLC0415 - a tenth of a second, for those who have a URL
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - psycopg is not for `--help`

    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        given = None
    # An @ or : in a password that is not escaped ends up in what libpq takes for the host or the port.
    if given is None or "@" in str(given.get("host")) or re.search(r"[^0-9,]", str(given.get("port") or "")):
        return (
            "is nothing that libpq can read: write postgresql://USER@HOST/NAME, or host=HOST user=USER dbname=NAME"
            " (in a URL, characters such as @ : / % in a password stand as %40 %3A %2F %25)"
        )
    return None


def masked(url: str) -> str:
    """A database URL or conninfo without its secrets."""
    from psycopg.conninfo import conninfo_to_dict, make_conninfo  # noqa: PLC0415 - psycopg is not for `--help`

    given = conninfo_to_dict(url)
    hidden = {key: MASK if key in SECRET_PARAMETERS else value for key, value in given.items()}
    if hidden == given:
        return url
    shown = url
    if match := _URL.fullmatch(url):
        password = f":{MASK}" if match["password"] is not None else ""
        shown = f"{match['start']}{match['user']}{password}@{match['rest']}"
    shown = re.sub(rf"(?<=[?&])({'|'.join(SECRET_PARAMETERS)})=[^&]*", rf"\1={quote(MASK)}", shown)
    try:  # seen to be what was meant, or else told in the other form
        if shown.startswith("postgres") and conninfo_to_dict(shown) == hidden:
            return shown.replace(quote(MASK), MASK)
    except Exception:  # noqa: BLE001, S110 - whatever libpq thinks of it, the other form is right
        pass
    return make_conninfo("", **hidden)
