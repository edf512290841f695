"""Figures for the nightly report: `make bench`, or with a number of accounts (100 is the default). Prints, never fails on time.

Each account has 20 campaigns with 5,000 reactions in the day. Every reaction is a row of its campaign's zip and one
of the daily zip. The floor is `psql \\copy (query) to` of the same rows by the same query, without zips.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from datetime import date
from pathlib import Path

import psycopg

from contactsync.accounts import store
from contactsync.database.connection import connect
from contactsync.database.embedded.cluster import find_binaries
from contactsync.database.embedded.server import EmbeddedServer
from contactsync.database.migrations import migrate
from contactsync.domain.account import Account
from contactsync.domain.columns import KEYS
from contactsync.reports import days
from contactsync.reports.folder import ReportFolder
from contactsync.reports.publish import publish as publish_day
from contactsync.settings.settings import Settings
from contactsync.spool import layout_make
from contactsync.spool.home_pins import HomePins

ACCOUNTS, CAMPAIGNS, REACTIONS = 10, 20, 5_000
DAY = date(2015, 4, 27)

SEED = f"""
INSERT INTO contactsync.account (name) SELECT 'a' || n FROM generate_series(1, %(accounts)s) AS n;
INSERT INTO contactsync.campaign (account_id, campaign_id, name, media, opened_on)
SELECT account_id, n, 'Campaign #' || n, '{{EMAIL,SMS}}', '2015-04-01'
FROM contactsync.account, generate_series(1, {CAMPAIGNS}) AS n;
INSERT INTO contactsync.reaction (
    account_id, campaign_id, contact_id, medium, kind, occurred_at,
    civility, first_name, last_name, email, phone, mobile, address_1, postal_code, city, country, birth_date, reference,
    field_1, field_2
)
SELECT
    c.account_id, c.campaign_id, c.campaign_id * {REACTIONS} + n, 'EMAIL', (ARRAY['opened', 'clicked', 'optout'])[1 + n %% 3],
    '2015-04-27 00:00+02'::timestamptz + n * interval '15 s',
    'Mme', 'Hélène', 'LEFÈVRE ' || n, 'user' || n || '.' || c.campaign_id || '@example-mail.fr', '+332' || 99000000 + n,
    '+336' || 90000000 + n, n || ', rue de la Paix', '35000', 'Rennes', 'France', '1980-02-01', 'A' || n,
    md5(n::text), 'Magasin de Rennes'
FROM contactsync.campaign AS c, generate_series(1, {REACTIONS}) AS n;
"""


def publish(url: str, root: Path, everyone: list[Account]) -> int:
    """Publish the day of all accounts one after the other, as the daemon's thread does; returns the rows."""
    settings, rows = Settings(ftp_root=root, database_url=url), 0
    for account in everyone:
        day = days.day_of(DAY, days.zone_of(account))
        with (
            connect(url) as conn,
            ReportFolder(account.home_under(root), HomePins(root, root.parent / "data")) as folder,
        ):
            rows += publish_day(conn, account, folder, day, settings).rows
    return rows


def floor(url: str, folder: Path, everyone: list[Account]) -> None:
    """The same rows by `psql`: each account's files one after the other in one session."""
    target = folder / "floor.csv"
    every = f"campaign_id <= {CAMPAIGNS}"
    script = [
        f"\\copy (SELECT {', '.join(KEYS)} FROM (SELECT DISTINCT ON (contact_id) * FROM contactsync.reaction"
        f" WHERE account_id = {account.account_id} AND {campaigns} AND occurred_at >= '2015-04-26 22:00Z'"
        f" AND occurred_at < '2015-04-27 22:00Z' AND medium = 'EMAIL' AND kind = '{kind}'"
        f" ORDER BY contact_id, occurred_at DESC, reaction_id DESC) AS l ORDER BY contact_id)"
        f" TO '{target}' WITH (FORMAT csv, DELIMITER ';')"
        for account in everyone
        for campaigns in (every, *(f"campaign_id = {n}" for n in range(1, CAMPAIGNS + 1)))
        for kind in ("opened", "clicked", "optout")
    ]
    subprocess.run(
        [find_binaries() / "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", url],
        input="\n".join(["SET work_mem = '64MB'; SET jit = off;", *script]),
        text=True, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def main() -> None:
    """Seed, publish twice, copy, and print the table."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else ACCOUNTS
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedServer(Path(folder) / "data", durable=False) as server,
    ):
        root = Path(folder) / "ftp"
        with connect(server.admin_url) as conn:
            migrate(conn)
            everyone = _seed(conn, number)
        for account in everyone:
            layout_make.make(account.home_under(root), root, None)
        reactions = number * CAMPAIGNS * REACTIONS
        print(f"{number} accounts x {CAMPAIGNS} campaigns x {REACTIONS} reactions = {reactions} reactions")
        for name in ("first", "again"):
            started = time.perf_counter()
            rows = publish(server.admin_url, root, everyone)
            seconds = time.perf_counter() - started
            print(f"publish, {name:<26} {seconds:8.2f} s {rows / seconds:10.0f} rows/s")
        started = time.perf_counter()
        floor(server.admin_url, Path(folder), everyone)
        seconds = time.perf_counter() - started
        print(f"psql \\copy of the same rows        {seconds:8.2f} s {rows / seconds:10.0f} rows/s")
        paths = list(root.rglob("*.zip"))
        zips = sum(path.stat().st_size for path in paths)
        size = sum(entry.file_size for path in paths for entry in zipfile.ZipFile(path).infolist())
        print(f"{rows} rows, {size / 2**20:.0f} MiB of CSV, {zips / 2**20:.0f} MiB of zips")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"peak memory of this process: {peak:.0f} MB")


def _seed(conn: psycopg.Connection[dict[str, object]], number: int) -> list[Account]:
    for statement in SEED.split(";\n"):
        if statement.strip():
            conn.execute(statement, {"accounts": number})  # type: ignore[call-overload]  # a text
    conn.execute("ANALYZE")
    conn.execute("CHECKPOINT")
    return store.every(conn)


if __name__ == "__main__":
    main()
