"""A query with one value."""

from __future__ import annotations

from typing import Any

import psycopg


def one(conn: psycopg.Connection[Any], statement: str) -> Any:
    row = conn.execute(statement.encode()).fetchone()
    conn.rollback()
    return row and row[0]
