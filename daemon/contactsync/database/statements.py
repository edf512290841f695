"""Loads the SQL files by name: `statements.get("applying/match")` is `sql/applying/match.sql`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import LiteralString, cast

from psycopg import sql


def sql_root() -> Path:
    """The folder of the SQL files: in the installed package, or in the checkout."""
    installed = Path(str(files("contactsync"))) / "sql"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "sql"


@cache
def get(name: str) -> sql.SQL:
    """The statement in `sql/<name>.sql`, with its `{slots}` still open; raises FileNotFoundError.

    Slots are filled only with the program's own column names, never with a value.
    """
    text = (sql_root() / f"{name}.sql").read_text(encoding="utf-8")
    return sql.SQL(cast("LiteralString", text))  # type: ignore[redundant-cast]  # mypy takes it for str, pyright does not


def check() -> int:
    """Load every statement, to detect a broken installation at startup; returns how many there are.

    Raises ValueError if a file lacks its first comment line, FileNotFoundError if there are no files.
    """
    found = [path.relative_to(sql_root()).with_suffix("") for path in sql_root().rglob("*.sql")]
    for name in found:
        if not (sql_root() / name.with_suffix(".sql")).read_text(encoding="utf-8").startswith("-- "):
            raise ValueError(f"sql/{name}.sql does not start with a comment that describes it")
        if name.parts[0] != "migrations":
            get(name.as_posix())
    if not found:
        raise FileNotFoundError(f"no SQL files below {sql_root()}")
    return len(found)
