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
