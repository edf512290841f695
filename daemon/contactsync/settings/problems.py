"""Error messages for settings: each names what a valid value looks like."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic.fields import FieldInfo

SHOWN_CHARACTERS = 60


def expected(field: FieldInfo) -> str:
    """What a valid value of this setting looks like."""
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
        example = json.dumps(field.examples or [".*", "*.part"])
        return (
            f"a list of {'names' if field.examples else 'patterns'}, such as {example} (as a variable: JSON)"
        )
    return "text, not empty"


def _kind(annotation: Any) -> Any:
    """The bare type, without `None` and `Annotated`."""
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
    """Whether a TOML value has a different type than the setting; environment variables are always text."""
    kind = _kind(field.annotation)
    if kind is bool:
        return not isinstance(value, bool)
    if kind in (int, float):
        return isinstance(value, bool) or not isinstance(value, int if kind is int else int | float)
    if get_origin(kind) is tuple:
        return not isinstance(value, list)
    return not isinstance(value, str)


def problem(error: Mapping[str, Any], field: FieldInfo) -> str:
    """The message for one of pydantic's errors."""
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return must_be(field, error.get("input"), nested=len(error["loc"]) > 1)


def must_be(field: FieldInfo, value: object, *, nested: bool = False) -> str:
    """The message for an invalid value; a long value is truncated, a secret one is not quoted."""
    if not field.repr:
        return f"must be {expected(field)}"
    shown = repr(value) if not isinstance(value, bool) else str(value).lower()
    if len(shown) > SHOWN_CHARACTERS:
        shown = f"{shown[:SHOWN_CHARACTERS]}…"
    return f"must be {expected(field)}, not {shown}{' in it' if nested else ''}"


def no_such_key(key: str, known: list[str]) -> str:
    """The message for an unknown key."""
    near = difflib.get_close_matches(key.lower().replace("-", "_"), known, n=1, cutoff=0.6)
    if near:
        return f"there is no such key; did you mean {near[0]}?"
    return f"there is no such key; the keys are {', '.join(known)}"


def no_such_variable(key: str, known: list[str], prefix: str) -> str:
    """The message for an environment variable that is named like a setting: `prefix` and key."""
    near = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.6)
    fix = f"did you mean {prefix}{near[0].upper()}?" if near else "see contactsync config show"
    return f"there is no such setting; {fix}"
