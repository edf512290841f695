"""What a new cluster lacks: the database `contactsync` and its roles. Every start makes sure of both."""

import psycopg

from contactsync.database import roles
from contactsync.database.embedded import cluster
from contactsync.database.embedded.server_files import EmbeddedAway


def make_database(url: str) -> None:
    """Create the database unless it exists, as after a crash between initdb and here; raises EmbeddedAway.

    `url` is the superuser's, for the database `postgres`.
    """
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            found = connection.execute(
                "SELECT FROM pg_database WHERE datname = %s", [cluster.DATABASE]
            ).rowcount
            if not found:
                connection.execute(f"CREATE DATABASE {cluster.DATABASE}")
    except psycopg.Error as error:
        raise EmbeddedAway(f"the embedded PostgreSQL could not create its database: {error}") from error


def create_roles(url: str) -> None:
    """Create the roles, and grant them what this version's `sql/roles.sql` grants; raises EmbeddedAway.

    `url` is the superuser's, for the database `contactsync`.
    """
    try:
        with psycopg.connect(url) as connection:
            roles.create(connection)
    # A standby has the roles of its primary.
    except psycopg.errors.ReadOnlySqlTransaction:
        pass
    except psycopg.Error as error:
        raise EmbeddedAway(f"the embedded PostgreSQL could not create its roles: {error}") from error


def create_missing_roles(url: str) -> None:
    """Create the roles if this database lacks them; raises as `create_roles` does."""
    try:
        with psycopg.connect(url) as connection:
            if roles.are_used(connection):
                return
    except psycopg.Error as error:
        raise EmbeddedAway(f"the embedded PostgreSQL does not answer: {error}") from error
    create_roles(url)
