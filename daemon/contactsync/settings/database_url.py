"""A database URL: whether libpq can read it, and how to show it without its secrets."""

from __future__ import annotations

import re
from urllib.parse import quote

SECRET_PARAMETERS = ("password", "sslpassword", "oauth_client_secret")
MASK = "********"

_URL = re.compile(
    r"(?P<start>postgres(?:ql)?://)(?P<user>[^:@/?#]*)(?::(?P<password>[^/?#]*))?@(?P<rest>.*)", re.DOTALL
)


def url_problem(url: str) -> str | None:
    """Why libpq cannot read a database URL, or None. The answer quotes nothing: it may hold a password."""
    import psycopg  # noqa: PLC0415 - takes 0.1 s, and only settings with a URL need it
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - `--help` must not import psycopg

    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        given = None
    # libpq takes an unescaped @ or : in a password for the start of the host or the port.
    if given is None or "@" in str(given.get("host")) or re.search(r"[^0-9,]", str(given.get("port") or "")):
        return (
            "libpq cannot read it: write postgresql://USER@HOST/NAME, or host=HOST user=USER dbname=NAME"
            " (in a URL, write the characters @ : / % of a password as %40 %3A %2F %25)"
        )
    return None


def masked(url: str) -> str:
    """A database URL or conninfo without its secrets."""
    from psycopg.conninfo import (  # noqa: PLC0415 - `--help` must not import psycopg
        conninfo_to_dict,
        make_conninfo,
    )

    given = conninfo_to_dict(url)
    hidden = {key: MASK if key in SECRET_PARAMETERS else value for key, value in given.items()}
    if hidden == given:
        return url
    shown = url
    if match := _URL.fullmatch(url):
        password = f":{MASK}" if match["password"] is not None else ""
        shown = f"{match['start']}{match['user']}{password}@{match['rest']}"
    shown = re.sub(rf"(?<=[?&])({'|'.join(SECRET_PARAMETERS)})=[^&]*", rf"\1={quote(MASK)}", shown)
    # Show the URL only if libpq reads it as the masked values, otherwise a conninfo.
    try:
        if shown.startswith("postgres") and conninfo_to_dict(shown) == hidden:
            return shown.replace(quote(MASK), MASK)
    except Exception:  # noqa: BLE001, S110 - if libpq rejects the URL, the conninfo is right
        pass
    return make_conninfo("", **hidden)
