"""The three roles on fresh and on upgraded databases, and on objects of later migrations (protocol 7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from contactsync.database import migrations, roles
from contactsync.database.migrations import migrate
from tests.roles import as_migrator

RIGHTS = """
SELECT c.relname, r.rolname, string_agg(a.privilege_type, ' ' ORDER BY a.privilege_type)
FROM pg_class AS c
CROSS JOIN LATERAL aclexplode(c.relacl) AS a
JOIN pg_roles AS r ON r.oid = a.grantee
WHERE c.relnamespace = 'contactsync'::regnamespace AND c.relkind IN ('r', 'v', 'S') AND a.grantee <> c.relowner
GROUP BY 1, 2
"""


def test_roles_sql_names_every_table_and_sequence(conn: psycopg.Connection[Any]) -> None:
    """A migration that adds one must add its line to sql/roles.sql, even if no role needs it."""
    text = migrations.sql_root().joinpath("roles.sql").read_text(encoding="utf-8")
    names = conn.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'contactsync'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')"
    ).fetchall()
    assert names
    assert [name for (name,) in names if f"'{name}'," not in text] == []


def test_the_migrator_owns_everything_and_nothing_else_may_change_it(conn: psycopg.Connection[Any]) -> None:
    owners = conn.execute(
        "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'contactsync'::regnamespace"
        " UNION SELECT proowner::regrole::text FROM pg_proc WHERE pronamespace = 'contactsync'::regnamespace"
        " UNION SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'contactsync'"
    ).fetchall()
    assert owners == [(roles.MIGRATOR,)]
    everybody = conn.execute(
        "SELECT p.proname FROM pg_proc AS p CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner)))"
        " AS a WHERE p.pronamespace = 'contactsync'::regnamespace AND a.grantee = 0"
    ).fetchall()
    assert everybody == []


@pytest.fixture
def fresh(server_url: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database, as its superuser sees it."""
    name = f"contactsync_roles_{abs(hash(request.node.name))}"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield make_conninfo(server_url, dbname=name)
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _rights(url: str) -> set[tuple[Any, ...]]:
    with psycopg.connect(url) as conn:
        return set(conn.execute(RIGHTS).fetchall())


def test_the_order_of_roles_and_schema_does_not_matter(fresh: str, database_url: str) -> None:
    """The template has its roles first; here the schema is first, as after an upgrade, and the result is the same."""
    with psycopg.connect(fresh, autocommit=True) as admin:
        migrate(admin)
        assert not roles.are_used(admin)
        assert _rights(fresh) == set()
        roles.create(admin)
        roles.create(admin)
    assert _rights(fresh) == _rights(database_url)
    with psycopg.connect(as_migrator(fresh)) as migrator:
        assert migrate(migrator) == []


def test_migrate_grants_on_new_objects(fresh: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The migrator's `migrate` renews the rights: a table that an older schema lacked gets them."""
    with psycopg.connect(fresh, autocommit=True) as admin:
        roles.create(admin)
    every = migrations._files()
    with psycopg.connect(as_migrator(fresh)) as migrator:
        with monkeypatch.context() as older:
            older.setattr(migrations, "_files", lambda: every[:1])
            migrate(migrator)
        assert "campaign" not in {name for name, *_ in _rights(fresh)}
        migrate(migrator)
    assert ("campaign", roles.SENDER, "INSERT SELECT UPDATE") in _rights(fresh)


def test_a_platform_that_inserted_reactions_directly_may_call_the_functions_instead(
    fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Migration 0007 converts the rights that README used to list, so an upgrade stops no campaign."""
    every = migrations._files()
    with psycopg.connect(fresh, autocommit=True) as admin:
        monkeypatch.setattr(migrations, "_files", lambda: [each for each in every if each.version < 7])
        migrate(admin)
        monkeypatch.undo()
        admin.execute("CREATE ROLE contactsync_test_platform")
        try:
            admin.execute(
                "GRANT USAGE ON SCHEMA contactsync TO contactsync_test_platform;"
                "GRANT SELECT, INSERT ON contactsync.reaction, contactsync.opt_out, contactsync.consent_event"
                " TO contactsync_test_platform WITH GRANT OPTION"
            )
            monkeypatch.setattr(migrations, "_files", lambda: [each for each in every if each.version <= 7])
            assert migrate(admin) == ["0007_roles"]
            allowed = admin.execute(
                "SELECT has_table_privilege(r, 'contactsync.reaction', 'INSERT'),"
                " has_table_privilege(r, 'contactsync.opt_out', 'INSERT'),"
                " has_table_privilege(r, 'contactsync.consent_event', 'INSERT'),"
                " has_table_privilege(r, 'contactsync.reaction', 'SELECT'),"
                " has_function_privilege(r, 'contactsync.record_reactions(bigint, jsonb)', 'EXECUTE'),"
                " has_function_privilege(r, 'contactsync.refuse_unknown(bigint, jsonb)', 'EXECUTE')"
                " FROM (VALUES ('contactsync_test_platform')) AS t (r)"
            ).fetchone()
            assert allowed == (False, False, False, True, True, False)
        finally:
            admin.execute("DROP OWNED BY contactsync_test_platform; DROP ROLE contactsync_test_platform")


def test_the_rights_of_a_role_of_ones_own_survive_the_upgrade(
    fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it could do before migration 0008 it can do after it, by the functions and columns that are new."""
    every = migrations._files()
    with psycopg.connect(fresh, autocommit=True) as admin:
        monkeypatch.setattr(migrations, "_files", lambda: [each for each in every if each.version < 8])
        migrate(admin)
        admin.execute("CREATE ROLE contactsync_test_own")
        try:
            admin.execute(
                "GRANT USAGE ON SCHEMA contactsync TO contactsync_test_own;"
                "GRANT SELECT ON contactsync.contact_status TO contactsync_test_own;"
                "GRANT INSERT ON contactsync.campaign TO contactsync_test_own;"
                "GRANT USAGE ON SEQUENCE contactsync.campaign_id_seq TO contactsync_test_own;"
                "GRANT SELECT, INSERT, DELETE ON contactsync.opt_out TO contactsync_test_own;"
                "GRANT EXECUTE ON FUNCTION contactsync.record_reactions(bigint, jsonb) TO contactsync_test_own;"
                "INSERT INTO contactsync.account (account_id, name) VALUES (1, 'acme')"
            )
            monkeypatch.setattr(migrations, "_files", lambda: [each for each in every if each.version <= 8])
            assert migrate(admin) == ["0008_consent"]
            admin.execute("SET ROLE contactsync_test_own")
            admin.execute("SELECT contactsync.record_reactions(1, '[]')")
            admin.execute("SELECT * FROM contactsync.try_record_reactions(1, '[]')")
            admin.execute("SELECT * FROM contactsync.list_address")
            admin.execute(
                "INSERT INTO contactsync.campaign (account_id, name, media) VALUES (1, 'x', '{EMAIL}')"
            )
            admin.execute("DELETE FROM contactsync.opt_out")
            admin.execute("UPDATE contactsync.opt_out SET latest = now()")
            admin.execute("RESET ROLE")
        finally:
            admin.execute("RESET ROLE; DROP OWNED BY contactsync_test_own; DROP ROLE contactsync_test_own")
