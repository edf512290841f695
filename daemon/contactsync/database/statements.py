"""The SQL files, by name: `statements.get("applying/match")` is `sql/applying/match.sql`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import LiteralString, cast

from psycopg import sql


def sql_root() -> Path:
    """Where the SQL files are: beside the installed package, or in the checkout that it was installed from."""
    installed = Path(str(files("contactsync"))) / "sql"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "sql"


@cache
def get(name: str) -> sql.SQL:
    """The statement in `sql/<name>.sql`, `{slots}` still open; raises FileNotFoundError where there is none.

    Slots are filled from the program's own column names only, never with a value.
    """
    text = (sql_root() / f"{name}.sql").read_text(encoding="utf-8")
    return sql.SQL(cast("LiteralString", text))  # type: ignore[redundant-cast]  # mypy takes it for str, pyright does not


def check() -> int:
    """Load every statement, so that a broken installation is told at boot; returns how many there are.

    Raises ValueError where a file lacks the line that says what it does.
    """
    found = [path.relative_to(sql_root()).with_suffix("") for path in sql_root().rglob("*.sql")]
    for name in found:
        if not (sql_root() / name.with_suffix(".sql")).read_text(encoding="utf-8").startswith("-- "):
            raise ValueError(f"sql/{name}.sql does not begin with a line that says what it does")
        if name.parts[0] != "migrations":
            get(name.as_posix())
    if not found:
        raise FileNotFoundError(f"no SQL files below {sql_root()}")
    return len(found)
