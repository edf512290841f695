"""What a failure to connect says, in the languages that the server may speak."""

from __future__ import annotations

import psycopg
import pytest

from contactsync.database import failures
from contactsync.domain.errors import DatabaseAway, DatabaseRefuses

SOCKET = 'connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: FATAL:  '
GIVEN = {"user": "uploads", "dbname": "contacts", "password": "geheim"}


def failure(text: str, **given: object) -> DatabaseAway:
    return failures.of_connecting(psycopg.OperationalError(f"connection failed: {text}"), {**GIVEN, **given})


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        (
            "authentification par mot de passe échouée pour l'utilisateur  « uploads »",
            "database_password_file",
        ),
        ("le rôle « uploads » n'existe pas", "createuser uploads"),
        (
            "la base de données « contacts » n'existe pas",
            "createdb --template=template0 --encoding=UTF8 contacts",
        ),
        ("authentification peer échouée pour l'utilisateur « uploads »", "sudo -u uploads"),
        (
            "pg_hba.conf rejette la connexion pour l'hôte « [local] », utilisateur « uploads »",
            "SELECT pg_reload_conf",
        ),
        ("trop de connexions pour le rôle « uploads »", 'ALTER ROLE "uploads" CONNECTION LIMIT -1'),
        (
            "trop de connexions pour la base de données « contacts »",
            'ALTER DATABASE "contacts" CONNECTION LIMIT -1',
        ),
        ("le rôle « uploads » n'est pas autorisé à se connecter", 'ALTER ROLE "uploads" LOGIN'),
        # Nobody has seen this one: the server refuses, and its log says more.
        ("etwas anderes", "contactsync doctor"),
    ],
)
def test_a_refusal_in_french(text: str, fix: str) -> None:
    """PostgreSQL's own translations (fr.po of PostgreSQL 15)."""
    found = failure(SOCKET + text)
    assert isinstance(found, DatabaseRefuses)
    assert fix in found.fix


@pytest.mark.parametrize(
    "text",
    [
        "the database system is starting up",
        "the database system is shutting down",
        "the database system is not yet accepting connections",
        "sorry, too many clients already",
        "remaining connection slots are reserved for roles with the SUPERUSER attribute",
        "terminating connection due to administrator command",
        "le système de bases de données se lance",
        "le système de base de données s'arrête",
        "le système de bases de données est en cours de restauration",
        "le système de bases de données n'accepte pas encore de connexions",
        "désolé, trop de clients sont déjà connectés",
        "les emplacements de connexions restants sont réservés pour les connexions superutilisateur",
    ],
)
def test_what_passes_is_no_refusal(text: str) -> None:
    """The server starts, stops or is full: it is awaited."""
    found = failure(SOCKET + text)
    assert type(found) is DatabaseAway
    assert found.fix


def test_several_hosts_are_one_line() -> None:
    """Each attempt is named once; hints and line breaks are left out."""
    one = 'connection to server at "192.0.2.1", port 5432 failed: Connection refused'
    hint = "\n\tIs the server running on that host and accepting TCP/IP connections?"
    two = 'connection to server at "192.0.2.2", port 5432 failed: session is read-only'
    text = (
        f"{two}\nMultiple connection attempts failed. All failures were:\n"
        f"- host: 'db1', port: None, hostaddr: '192.0.2.1': connection failed: {one}{hint}\n"
        f"- host: 'db2', port: None, hostaddr: '192.0.2.2': connection failed: {two}"
    )
    found = failure(text, host="db1,db2")
    assert type(found) is DatabaseAway
    assert str(found) == f"{two}; {one}"


def test_one_host_that_refuses_is_enough() -> None:
    """The other one, a standby, would be awaited."""
    one = 'connection to server at "192.0.2.1", port 5432 failed: FATAL:  password authentication failed for user "u"'
    two = 'connection to server at "192.0.2.2", port 5432 failed: session is read-only'
    assert isinstance(failure(f"{one}\n{two}"), DatabaseRefuses)
    assert type(failure(two)) is DatabaseAway


def test_a_password_is_never_shown() -> None:
    """Not even if a message quoted it."""
    found = failure('connection to server at "h" failed: invalid option "geheim"\x1b[2J')
    assert "geheim" not in str(found)
    assert str(found).isprintable()


def test_the_fix_is_written_for_the_shell() -> None:
    """A name that a shell would read as something else is quoted."""
    found = failure(f'{SOCKET}role "a b" does not exist', user="a b; rm")
    assert "createuser 'a b; rm'" in str(found.fix)


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (psycopg.errors.AdminShutdown("secret"), DatabaseAway, "57P01 (AdminShutdown)"),
        (psycopg.errors.InsufficientPrivilege("secret"), DatabaseRefuses, "42501 (InsufficientPrivilege)"),
        (psycopg.errors.UniqueViolation("secret"), DatabaseRefuses, "23505 (UniqueViolation)"),
        (psycopg.DataError("secret"), DatabaseAway, "DataError"),
        (
            psycopg.OperationalError(
                "ERROR:  secret\nDETAIL:  secret\nserver closed the connection unexpectedly\n\tThis"
            ),
            DatabaseAway,
            "connection lost: server closed the connection unexpectedly",
        ),
    ],
)
def test_a_statement_shows_only_its_sqlstate(
    error: psycopg.Error, kind: type[DatabaseAway], reason: str
) -> None:
    """Its text may hold values of a file. A lost connection has none, so libpq's text is kept."""
    found = failures.of_statement(error)
    assert type(found) is kind
    assert str(found) == reason
