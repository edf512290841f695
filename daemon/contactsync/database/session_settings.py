"""The settings of PostgreSQL that the program relies on, and how a session gets them.

They are set after connecting: poolers refuse the startup packet's `options`, and a server, a database or a role may
have any default. `tests/integration/database/test_session_settings.py` says why no other setting is pinned.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from contactsync.database import statements

FIXED: Mapping[str, str] = {
    # What is in ok/ survives a crash of the server (protocol 5.2).
    "synchronous_commit": "on",
    # How values are written and read.
    "client_encoding": "UTF8",
    "array_nulls": "on",
    "bytea_output": "hex",
    "datestyle": "ISO, DMY",
    "extra_float_digits": "1",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    # How statements are understood.
    "search_path": "pg_temp, pg_catalog",
    "standard_conforming_strings": "on",
    "transform_null_equals": "off",
    # A policy hides rows rather than failing every statement: the default.
    "row_security": "on",
    # The locks of a merge are those of READ COMMITTED.
    "default_transaction_deferrable": "off",
    "default_transaction_isolation": "read committed",
    # Temporary tables that each commit empties.
    "default_table_access_method": "heap",
    # Work continues after an error that we expect.
    "exit_on_error": "off",
}
"""Without these, results would be wrong. Nothing overrides them."""

TUNED: Mapping[str, str] = {
    # The server releases what a hung daemon holds; a lock timeout is retried.
    "idle_in_transaction_session_timeout": "120s",
    "lock_timeout": "20s",
    "statement_timeout": "870s",
    # A worker is idle for hours. A merge may take as long as statement_timeout allows.
    "idle_session_timeout": "0",
    "transaction_timeout": "0",
    "temp_buffers": "64MB",
    "work_mem": "64MB",
    # ANALYZE on staging: a tenth of the sample, without pauses.
    "default_statistics_target": "10",
    "vacuum_cost_delay": "0",
    # Compiling costs more than it saves for these statements.
    "jit": "off",
    "plan_cache_mode": "auto",
    # Nobody reads notices.
    "client_min_messages": "warning",
    # The plans that remain without nested loops (sql/database/session.sql).
    "enable_bitmapscan": "on",
    "enable_hashagg": "on",
    "enable_hashjoin": "on",
    "enable_indexonlyscan": "on",
    "enable_indexscan": "on",
    "enable_mergejoin": "on",
    "enable_seqscan": "on",
    "enable_sort": "on",
}
"""Limits and plans, which `options` in database_url may change."""

PINNED: Mapping[str, str] = {**FIXED, **TUNED}

_SINCE = {"transaction_timeout": 17}

_WORD = re.compile(r"(?:\\.|[^\\\s])+", re.DOTALL)
_SETTING = re.compile(r"(?:-c|--)([A-Za-z_][\w.-]*)=(.*)\Z", re.DOTALL)


def from_options(options: str) -> tuple[dict[str, str], str]:
    """The settings in `options` of a database URL, as postgres(1) reads them, and the options that set nothing."""
    words = [re.sub(r"\\(.)", r"\1", word, flags=re.DOTALL) for word in _WORD.findall(options)]
    found: dict[str, str] = {}
    others: list[str] = []
    while words:
        word = words.pop(0)
        if word == "-c" and words:
            word += words.pop(0)
        if match := _SETTING.match(word):
            found[match[1].replace("-", "_").lower()] = match[2]
        else:
            others.append(re.sub(r"([\\\s])", r"\\\1", word))
    return found, " ".join(others)


def pin(conn: psycopg.Connection[Any], given: Mapping[str, str]) -> int:
    """Set the session's settings, those `given` in the URL included; returns the process id of the server's process.

    Raises psycopg.Error.
    """
    major = conn.info.server_version // 10000
    wanted = {name: value for name, value in TUNED.items() if _SINCE.get(name, 0) <= major}
    wanted |= {**given, **FIXED}
    try:
        return _set(conn, wanted)
    except psycopg.errors.InvalidParameterValue:
        # A pooler's session in which somebody has used a temporary table keeps the buffers that it has.
        del wanted["temp_buffers"]
        return _set(conn, wanted)


def _set(conn: psycopg.Connection[Any], wanted: Mapping[str, str]) -> int:
    what = {"names": list(wanted), "values": list(wanted.values())}
    pid: int = conn.execute(statements.get("database/pin"), what).fetchall()[0]["pid"]
    return pid


@dataclass(frozen=True, slots=True)
class Deviation:
    """A setting that somebody has changed: what other sessions have, where that comes from, and what this one has."""

    name: str
    value: str
    source: str
    here: str


def deviations(conn: psycopg.Connection[Any]) -> list[Deviation]:
    """The settings whose value in a session without `pin` is not PostgreSQL's default."""
    here = _settings(conn)
    with conn.transaction(force_rollback=True):
        conn.execute("RESET ALL")
        elsewhere = _settings(conn)
    return [
        Deviation(name, row["shown"], row["source"], here[name]["shown"])
        for name, row in sorted(elsewhere.items())
        if row["setting"] != row["boot_val"]
    ]


def _settings(conn: psycopg.Connection[Any]) -> dict[str, dict[str, str]]:
    rows = conn.execute(statements.get("database/settings")).fetchall()
    return {row["name"].lower(): row for row in rows}
