"""Why the database cannot be used: what libpq or the server says, whether somebody must act, and the command that helps.

A connection that fails has no SQLSTATE and no value of a file: libpq's own message is shown. The server writes part of
it in the language of its `lc_messages`, so English and French are recognised. An error in a statement shows only its
SQLSTATE, because its text may hold values (protocol 5.7).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

import psycopg

from contactsync.domain.errors import DatabaseAway, DatabaseRefuses

MOST_CHARACTERS = 600

_PREFIX = re.compile(r"(?:- host: .*?: (?=connection|failed to))?(?:connection (?:failed|is bad): )?")
# The severity, in any language, and two spaces: the message is the server's.
_FROM_SERVER = re.compile(r"failed: \w+ ?:  ")
# What libpq and psycopg say of a connection that was lost. Nothing else of the message is shown: an error of the
# server, with values of a file, may precede it.
_LOST = re.compile(
    r"server closed the connection unexpectedly|SSL connection has been closed unexpectedly|no connection to the server"
    r"|could not (?:receive data from|send data to) server: [A-Za-z ]+|SSL (?:SYSCALL )?error: [A-Za-z ]+"
    r"|the connection is (?:closed|lost)|the server has stopped responding"
)
_START = "systemctl start postgresql   # where PostgreSQL runs"
_AS_ADMIN = "sudo -u postgres psql -c"

_PASSING = re.compile(
    # The server starts, stops, recovers, or is full for now.
    r"database system is|base de données (?:se lance|s'arrête|est en cours)|bases de données (?:se lance|est|n'accepte)"
    r"|already|déjà connectés|remaining connection slots|connexions restants"
    r"|terminating connection|arrêt des connexions"
    # The wrong one of several hosts, until a standby is promoted.
    r"|session is read-only|hot standby|is not in hot standby"
    # A peer that went away during the handshake.
    r"|SSL SYSCALL|SSL connection has been closed|closed the connection|stopped responding",
    re.IGNORECASE,
)
_FULL = re.compile(r"already|déjà connectés|remaining connection slots|connexions restants", re.IGNORECASE)

_REFUSALS: tuple[tuple[str, str], ...] = (
    (
        r"[Pp]eer authentication|authentification peer",
        "sudo -u {user} contactsync doctor   # or map the Unix user to the role in pg_ident.conf",
    ),
    (r"pg_hba\.conf", "add to pg_hba.conf: {hba}   # then: {admin} 'SELECT pg_reload_conf()'"),
    (
        r"password authentication|authentification par mot de passe|no password supplied",
        "write the password to database_password_file, or set a new one: {admin} '\\password {role}'",
    ),
    (
        r"role .* does not exist|rôle .* n'existe pas",
        "sudo -u postgres createuser {user}   # or run roles.sql",
    ),
    (
        r"database .* does not exist|base de données .* n'existe pas",
        "sudo -u postgres createdb --template=template0 --encoding=UTF8 {dbname}",
    ),
    (r"not permitted to log in|n'est pas autorisé à se connecter", "{admin} 'ALTER ROLE {role} LOGIN'"),
    (r"connections for role|connexions pour le rôle", "{admin} 'ALTER ROLE {role} CONNECTION LIMIT -1'"),
    (
        r"connections for database|connexions pour la base",
        "{admin} 'ALTER DATABASE {database} CONNECTION LIMIT -1'",
    ),
    (
        r"does not support SSL",
        "{admin} 'ALTER SYSTEM SET ssl = on' -c 'SELECT pg_reload_conf()'   # with a certificate on the server",
    ),
    (
        r"root certificate",
        "name the authority's certificate in database_url: sslrootcert=/etc/ssl/certs/ca-certificates.crt",
    ),
    (
        r"certificate|\bSSL\b|\bTLS\b",
        "correct sslmode and sslrootcert in database_url   # openssl s_client -starttls postgres -connect {address}",
    ),
    (r"failed: Permission denied", "chmod o+rx {host}   # or use the host name in database_url"),
    (r"invalid .* value|invalid .*option", "contactsync config show   # correct database_url"),
)
"""What the message contains, and what to do; the first that matches."""

_REFUSED_STATES = re.compile(r"0A|22|23|28|3D|3F|42|54000")
"""Errors of statements that last until somebody acts: rights, objects, and data where no file is at fault."""

_STATE_FIXES: Mapping[str, str] = {
    "42501": "run roles.sql as a superuser: psql -1 -v ON_ERROR_STOP=1 -f roles.sql   # then contactsync doctor",
    "42P01": "contactsync migrate",
    "3F000": "contactsync migrate",
    "42P05": "set pool_mode = session in the pooler, or connect to PostgreSQL directly",
    "26000": "set pool_mode = session in the pooler, or connect to PostgreSQL directly",
    "53100": "free space on the disk of PostgreSQL",
    "25006": "promote the standby, or: ALTER DATABASE … SET default_transaction_read_only = off",
}


def of_connecting(error: psycopg.OperationalError, given: Mapping[str, Any]) -> DatabaseAway:
    """The failure to connect with these parameters of libpq: DatabaseRefuses if somebody must act, else DatabaseAway."""
    attempts = _attempts(str(error), given.get("password"))
    reason = "; ".join(attempts)[:MOST_CHARACTERS]
    fill = _values(given)
    lasting = [each for each in attempts if not _PASSING.search(each)]
    for pattern, fix in _REFUSALS:
        if any(re.search(pattern, each) for each in lasting):
            return DatabaseRefuses(reason, fix.format_map(fill))
    if any(_FROM_SERVER.search(each) for each in lasting):
        return DatabaseRefuses(reason, "contactsync doctor   # and read PostgreSQL's log")
    if _FULL.search(reason):
        fix = f"{_AS_ADMIN} 'ALTER SYSTEM SET max_connections = 200'   # and restart it"
        return DatabaseAway(reason, fix)
    return DatabaseAway(reason, _START)


def is_peer_refusal(error: psycopg.OperationalError) -> bool:
    """Whether the server refused the user of this process, not a password."""
    return re.search(_REFUSALS[0][0], str(error)) is not None


def of_statement(error: psycopg.Error) -> DatabaseAway:
    """The failure of a statement that is no file's fault."""
    state, kind = error.sqlstate, type(error).__name__
    if state is None:
        found = _LOST.search(str(error))
        lost = f"connection lost: {found[0]}" if found else f"connection lost ({kind})"
        return DatabaseAway(lost if isinstance(error, psycopg.OperationalError) else kind, _START)
    reason = f"{state} ({kind})"
    fix = _STATE_FIXES.get(state, "contactsync doctor")
    return DatabaseRefuses(reason, fix) if _REFUSED_STATES.match(state) else DatabaseAway(reason, fix)


def _attempts(text: str, password: object = None) -> list[str]:
    """The message of libpq, which has a line per attempt, without hints and repetitions; each printable."""
    attempts: list[str] = []
    for line in text.strip().splitlines():
        if line.startswith(("\t", "Multiple connection attempts")):
            continue
        attempt = line[_PREFIX.match(line).end() :].strip()  # type: ignore[union-attr]  # it matches the empty text
        if attempts and not re.match(r"connection |failed to |- ", line):
            # A message of the server may have several lines.
            attempts[-1] += f" {attempt}"
        else:
            attempts.append(attempt)
    found = list(dict.fromkeys(attempts)) or ["no reason given"]
    if password:
        found = [each.replace(str(password), "…") for each in found]
    return ["".join(c if c.isprintable() else " " for c in each) for each in found]


def _values(given: Mapping[str, Any]) -> dict[str, str]:
    """What fixes name: the parameters of the connection, written for a shell and for SQL."""
    user, host = str(given.get("user") or "contactsync"), str(given.get("host") or "")
    dbname = str(given.get("dbname") or user)
    local = not host or host.startswith(("/", "@"))
    quoted = {
        key: '"' + text.replace('"', '""') + '"' for key, text in (("role", user), ("database", dbname))
    }
    kind = "local" if local else "host"
    address = "" if local else " CLIENT-ADDRESS/32"
    first_host, first_port = host.split(",", 1)[0], str(given.get("port") or 5432).split(",", 1)[0]
    return {
        **quoted,
        "user": shlex.quote(user),
        "dbname": shlex.quote(dbname),
        "host": shlex.quote(host or "/var/run/postgresql"),
        "address": f"{first_host or 'localhost'}:{first_port}",
        "hba": f"{kind} {quoted['database']} {quoted['role']}{address} scram-sha-256",
        "admin": _AS_ADMIN,
    }
