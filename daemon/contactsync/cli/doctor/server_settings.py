"""`doctor` on the server's settings, and on what lies between it and this host: a pooler."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from contactsync.cli.doctor.finding import Finding, Level
from contactsync.domain.errors import DatabaseRefuses

if TYPE_CHECKING:
    from contactsync.database.connection import Connection
    from contactsync.database.session_settings import Deviation


class Wanted(NamedTuple):
    """What a setting must be, and what happens otherwise."""

    value: str
    level: Level
    otherwise: str


SERVER_WIDE: Mapping[str, Wanted] = {
    "fsync": Wanted("on", "error", "a crash of its host can destroy the database"),
    "full_page_writes": Wanted("on", "error", "a crash of its host can destroy the database"),
    "zero_damaged_pages": Wanted("off", "error", "damaged pages are emptied instead of reported"),
    "ignore_checksum_failure": Wanted("off", "error", "damaged pages are read as if they were sound"),
    "ignore_system_indexes": Wanted("off", "warning", "every statement is slow"),
    "session_replication_role": Wanted("origin", "error", "foreign keys are not checked"),
    "autovacuum": Wanted("on", "warning", "tables grow and become slow"),
    "temp_file_limit": Wanted("-1", "warning", "a large import may fail again and again"),
}
"""Settings that a session cannot change for itself."""

FOR_OTHERS: Mapping[str, Wanted] = {
    "synchronous_commit": Wanted(
        "on",
        "warning",
        "a crash can lose what the sending platform has recorded; contactsync's own sessions use on",
    ),
}
"""Settings that contactsync sets for itself, and whose value matters to the sending platform too."""


def findings(conn: Connection) -> Iterator[Finding]:
    """Every setting that deviates, and the pooler if there is one."""
    from contactsync.database.session_settings import PINNED, deviations

    found = deviations(conn)
    wanted = {**SERVER_WIDE, **FOR_OTHERS}
    bad = [each for each in found if each.name in wanted and each.value != wanted[each.name].value]
    for each in bad:
        want = wanted[each.name]
        message = f"{each.name} is {each.value} ({each.source}): {want.otherwise}"
        yield Finding(want.level, "server", message, _reset(conn, each, want.value))
    overridden = [
        f"{each.name} = {each.here} instead of {each.value}"
        for each in found
        if each.name in PINNED and each.name not in wanted and each.value != each.here
    ]
    if overridden:
        yield Finding("note", "server", f"contactsync's own sessions use {', '.join(overridden)}")
    elif not bad:
        yield Finding("ok", "server", "no setting of the server deviates")
    yield from _pooler(conn)


def _pooler(conn: Connection) -> Iterator[Finding]:
    from contactsync.database.connection import is_pooled

    try:
        if is_pooled(conn):
            message = (
                "the connection goes through a pooler that gives each client a session of its own: that works"
            )
            yield Finding("ok", "pooler", message)
    except DatabaseRefuses as error:
        yield Finding("error", "pooler", str(error), error.fix)


def _reset(conn: Connection, deviation: Deviation, value: str) -> str:
    """The statement that gives the server its default back, where it was changed."""
    from psycopg import sql

    name, source = deviation.name, deviation.source
    database, role = (sql.Identifier(each).as_string() for each in (conn.info.dbname, conn.info.user))
    where = {
        "database": f"ALTER DATABASE {database} RESET {name};",
        "user": f"ALTER ROLE {role} RESET {name};",
        "database user": f"ALTER ROLE {role} IN DATABASE {database} RESET {name};",
        "global": f"ALTER ROLE ALL RESET {name};",
        "command line": f"remove {name} from the options with which PostgreSQL is started, and restart it",
        "client": f"remove {name} from `options` in database_url",
    }
    statement = f"ALTER SYSTEM SET {name} = '{value}';  SELECT pg_reload_conf();"
    return where.get(source, statement) + ("" if source == "command line" else "  -- as a superuser")
