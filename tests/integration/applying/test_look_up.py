"""The work on a large file grows with its rows, even where PostgreSQL's statistics mislead the planner."""

from __future__ import annotations

from tests.integration.applying.samples import counts
from tests.integration.conftest import Site

STATEMENT_TIMEOUT = "SET statement_timeout = '30s'"
"""A quadratic plan takes minutes, a linear one less than a second: neither a fast nor a slow machine matters."""


def test_a_sync_does_not_trust_statistics(site: Site) -> None:
    """Statistics lag behind a big import and do not cover one list of many, but the sync stays linear."""
    site.set(dedup="reference")
    rows = [f"R{number};r{number}@example-mail.fr\n" for number in range(24_000)]
    content = "Référence;Email\n" + "".join(rows)
    site.apply(content, "elsewhere.csv")
    site.conn.execute("ANALYZE contactsync.list_member, contactsync.contact")
    (site.folder("import") / ".syncExistingList").touch()
    site.apply(content, "young.csv")
    with site.pipeline.session() as conn:
        conn.execute(STATEMENT_TIMEOUT)
        try:
            row = site.apply("Référence;Email\n" + "".join(rows[:12_000]), "young.csv")
        finally:
            conn.execute("RESET statement_timeout")
    assert counts(row) == (12_000, 12_000, 0, 0, 0, 12_000, 12_000)


def test_an_account_that_is_younger_than_the_statistics(site: Site) -> None:
    """The planner believes the account to be empty, but import, change, consent and deletion stay linear."""
    site.set(dedup="reference")
    content = "Référence;Email\n" + "".join(f"R{n};r{n}@ex.fr\n" for n in range(40_000))
    other = "INSERT INTO contactsync.contact (account_id, identity) SELECT 99, n::text FROM generate_series(1, 9999) n"
    site.conn.execute(other)
    site.conn.execute(
        other.replace("contact (account_id, identity)", "list_member").replace("n::text", "1, n")
    )
    opted = "INSERT INTO contactsync.opt_out SELECT 99, 'EMAIL', n::text, 'file', now() FROM generate_series(1, 9999) n"
    site.conn.execute(opted)
    for table in ("contact", "list_member", "opt_out"):
        site.conn.execute(f"ALTER TABLE contactsync.{table} SET (autovacuum_enabled = off)".encode())
        site.conn.execute(f"ANALYZE contactsync.{table}".encode())
    with site.pipeline.session() as conn:
        conn.execute(STATEMENT_TIMEOUT)
        try:
            rows = [
                site.apply(content),
                site.apply(content),
                site.apply(content.replace("@", "@mx."), "changed.csv"),
                site.apply(content, "gone.csv", "optoutEMAIL"),
                site.apply(content, "back.csv", "optinEMAIL"),
                site.apply(content, "left.csv", "delete"),
            ]
        finally:
            conn.execute("RESET statement_timeout")
    assert [counts(row)[3:] for row in rows] == [
        (40_000, 0, 0, 0),
        (0, 0, 40_000, 0),
        (0, 40_000, 0, 0),
        (40_000, 0, 0, 0),
        (0, 0, 0, 40_000),
        (0, 0, 0, 40_000),
    ]
