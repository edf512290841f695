"""A database URL: whether libpq can read it."""

from __future__ import annotations

import re

_URL = re.compile(r"postgres(ql)?://[^/?]*/(?P<name>[^?]*)")


def url_problem(url: str) -> str | None:
    """Why libpq cannot read a database URL, or None. The answer quotes nothing: it may hold a password."""
    import psycopg  # noqa: PLC0415 - takes 0.1 s, and only settings with a URL need it
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - `--help` must not import psycopg

    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        given = None
    # libpq takes an unescaped @, : or / in a password for the start of the host, the port or the name.
    named = _URL.match(url)
    if (
        given is None
        or "@" in str(given.get("host"))
        or re.search(r"[^0-9,]", str(given.get("port") or ""))
        or (named and "@" in named["name"])
    ):
        return (
            "libpq cannot read it: write postgresql://USER@HOST/NAME, or host=HOST user=USER dbname=NAME"
            " (in a URL, write the characters @ : / % of a password as %40 %3A %2F %25)"
        )
    return None
