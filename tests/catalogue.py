"""The log events of the program: as its source logs them, and as docs/logs.md describes them."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "daemon/contactsync"
PAGE = ROOT / "docs/logs.md"

LEVELS = ("debug", "info", "warning", "error", "critical")
# What `exc_info` becomes.
TRACEBACK = {"error", "traceback"}
ROW = re.compile(r"^\| `([a-z_.]+)` \| ([a-z, ]+) \|([^|]*)\| (.+) \|$", re.MULTILINE)


@dataclass
class Event:
    levels: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)


@cache
def of_page() -> dict[str, Event]:
    """The table of docs/logs.md."""
    return {
        name: Event(set(levels.split(", ")), set(re.findall(r"`([a-z_]+)`", fields)))
        for name, levels, fields, _ in ROW.findall(PAGE.read_text(encoding="utf-8"))
    }


@cache
def of_source() -> dict[str, Event]:
    """What every module logs."""
    found: dict[str, Event] = defaultdict(Event)
    for path in sorted(SOURCE.rglob("*.py")):
        _Module(path.read_text(encoding="utf-8"), found, str(path.relative_to(ROOT))).read()
    return dict(found)


class _Module:
    """One module: calls of `log.<level>("event", field=…)`, and of functions that hand their `event` on to such a call."""

    def __init__(self, text: str, found: dict[str, Event], path: str) -> None:
        self._tree = ast.parse(text)
        self._found, self._path = found, path
        self._forwards: dict[str, Event] = {}

    def read(self) -> None:
        calls = [node for node in ast.walk(self._tree) if isinstance(node, ast.Call)]
        functions = [node for node in ast.walk(self._tree) if isinstance(node, ast.FunctionDef)]
        forwarded = [
            (function, call)
            for function in functions
            if any(argument.arg == "event" for argument in function.args.args)
            for call in ast.walk(function)
            if isinstance(call, ast.Call) and _is_log(call) and isinstance(_event(call), ast.Name)
        ]
        for function, call in forwarded:
            levels, _, fields = self._parts(call, forwards=True)
            self._forwards[function.name] = Event(levels, fields)
        inside = {id(call) for _, call in forwarded}
        for call in calls:
            if id(call) in inside:
                continue
            if _is_log(call):
                levels, event, fields = self._parts(call)
            elif isinstance(call.func, ast.Attribute) and call.func.attr in self._forwards:
                (event,) = [
                    a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)
                ]
                own = self._forwards[call.func.attr]
                levels, fields = own.levels, own.fields | self._fields(call)
            else:
                continue
            self._found[event].levels |= levels
            self._found[event].fields |= fields

    def _parts(self, call: ast.Call, *, forwards: bool = False) -> tuple[set[str], str, set[str]]:
        assert isinstance(call.func, ast.Attribute)
        levels = {call.func.attr}
        if levels == {"log"}:
            names = {node.attr for node in ast.walk(call.args[0]) if isinstance(node, ast.Attribute)}
            levels = {name.lower() for name in names if name.isupper()}
        assert levels <= set(LEVELS), self._where(call)
        event = _event(call)
        literal = event.value if isinstance(event, ast.Constant) else None
        assert forwards or isinstance(literal, str), f"{self._where(call)}: the event's name is no literal"
        return levels, str(literal), self._fields(call, forwards=forwards)

    def _fields(self, call: ast.Call, *, forwards: bool = False) -> set[str]:
        names = {keyword.arg for keyword in call.keywords}
        assert forwards or None not in names, f"{self._where(call)}: fields by ** cannot be read"
        return {n for n in names if n and n != "exc_info"} | (TRACEBACK if "exc_info" in names else set())

    def _where(self, call: ast.Call) -> str:
        return f"{self._path}:{call.lineno}"


def _is_log(call: ast.Call) -> bool:
    function = call.func
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "log"
        and function.attr in (*LEVELS, "log", "exception", "warn", "msg")
    )


def _event(call: ast.Call) -> ast.expr | None:
    assert isinstance(call.func, ast.Attribute)
    place = 1 if call.func.attr == "log" else 0
    return call.args[place] if len(call.args) > place else None
