"""Figures for one big import, side by side on one server: `make bench`. Prints seconds and ratios, never fails on time.

* floor: `\\copy` of the same file into a temp table of text, the same insert and list in SQL, one transaction.
* row by row: `csv`, `phonenumbers`, `email-validator` and `executemany`, what people write (on a tenth of the file).
"""

from __future__ import annotations

import csv
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import email_validator
import phonenumbers
import psycopg

from contactsync import accounts, log, tree
from contactsync.db import Session, connect
from contactsync.embedded import EmbeddedServer
from contactsync.embedded_cluster import find_binaries
from contactsync.line import Line
from contactsync.migrate import migrate
from contactsync.model import Account
from contactsync.pipeline import Pipeline, Rules
from contactsync.spool import Spool
from tests.bench import reference_file

RUNS = 5
TENTH = 10

FLOOR = r"""
BEGIN;
CREATE TEMP TABLE raw (reference text, civility text, first_name text, last_name text, email text, phone text,
                       mobile text) ON COMMIT DROP;
\copy raw FROM '{file}' WITH (FORMAT csv, DELIMITER ';', HEADER, ENCODING 'latin1')
ANALYZE raw;
INSERT INTO contactsync.contact (account_id, identity, reference, civility, first_name, last_name, email, phone, mobile)
SELECT {account}, reference, reference, civility, first_name, last_name, email, phone, mobile FROM raw
ON CONFLICT (account_id, identity) WHERE identity IS NOT NULL DO UPDATE SET email = excluded.email;
INSERT INTO contactsync.contact_list (account_id, list_id, name) VALUES ({account}, 1, 'floor');
INSERT INTO contactsync.list_member (account_id, list_id, contact_id)
SELECT {account}, 1, c.contact_id FROM raw JOIN contactsync.contact AS c
ON c.account_id = {account} AND c.identity = raw.reference;
COMMIT;
"""


@contextmanager
def timed(times: list[float]) -> Iterator[None]:
    """Append how many seconds the block took."""
    started = time.perf_counter()
    yield
    times.append(time.perf_counter() - started)


def deposit(pipeline: Pipeline, root: Path, account: Account, file: Path) -> None:
    """Put the file into `in/` and let the pipeline take it to `ok/`; the settle time is zero."""
    home = root / account.name
    shutil.copyfile(file, home / "contacts/import/in" / f"{time.time_ns()}.csv")
    line = Line(settle_seconds=0, grace_seconds=0, rescan_seconds=1)
    with Spool(home, max_bytes=20 << 20, ignored=lambda name: name.startswith(b".")) as spool:
        while pipeline.step(account, line, spool) == 0:
            pass


def row_by_row(url: str, account: Account, file: Path) -> None:
    """The loop that everybody writes first."""
    upsert = (
        "INSERT INTO contactsync.contact (account_id, identity, reference, civility, first_name, last_name, email,"
        " phone, mobile) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (account_id, identity) WHERE identity IS NOT NULL DO UPDATE SET email = excluded.email"
    )
    with file.open(encoding="iso-8859-1", newline="") as text, psycopg.connect(url) as conn:
        rows = csv.reader(text, delimiter=";")
        next(rows)
        values = []
        for reference, civility, first, last, email, phone, mobile in rows:
            address = email_validator.validate_email(email, check_deliverability=False).normalized.lower()
            numbers = [
                phonenumbers.format_number(phonenumbers.parse(n, "FR"), phonenumbers.PhoneNumberFormat.E164)
                for n in (phone, mobile)
            ]
            values.append(
                (account.account_id, reference, reference, civility, first, last, address, *numbers)
            )
        conn.cursor().executemany(upsert, values)


def show(name: str, times: list[float], floor: float) -> None:
    """One line of the table."""
    low, middle, high = min(times), statistics.median(times), max(times)
    print(f"{name:<34} {low:7.2f} {middle:7.2f} {high:7.2f}   {middle / floor:6.2f}")


def main() -> None:
    """Run everything `RUNS` times and print the table."""
    log.configure("json")
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder) / "data") as server:
        root, file, tenth = Path(folder) / "ftp", Path(folder) / "reference.csv", Path(folder) / "tenth.csv"
        size = reference_file.write(file)
        reference_file.write(tenth, rows=reference_file.ROWS // TENTH)
        print(
            f"{reference_file.ROWS} rows, {size / 2**20:.1f} MiB, {RUNS} runs; seconds: min, median, max; ratio to floor"
        )
        times: dict[str, list[float]] = {
            name: [] for name in ("floor", "first import", "same file again", "row by row (x10)")
        }
        with connect(server.url) as conn:
            migrate(conn)
        for _ in range(RUNS):
            account = _fresh(server.url, root)
            with timed(times["floor"]):
                _floor(server.url, account, file)
            account = _fresh(server.url, root)
            with timed(times["row by row (x10)"]):
                row_by_row(server.url, account, tenth)
            account = _fresh(server.url, root)
            pipeline = Pipeline(Session(server.url), Rules(512 << 20, 20 << 20, result_files=True))
            with timed(times["first import"]):
                deposit(pipeline, root, account, file)
            with timed(times["same file again"]):
                deposit(pipeline, root, account, file)
            pipeline.session.close()
        times["row by row (x10)"] = [t * TENTH for t in times["row by row (x10)"]]
        floor = statistics.median(times["floor"])
        for name, each in times.items():
            show(name, each, floor)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"peak memory of this process: {peak:.0f} MB")


def _fresh(url: str, root: Path) -> Account:
    """An empty database with one account whose criterion is the reference."""
    with connect(url) as conn:
        conn.execute("TRUNCATE contactsync.account CASCADE")
        conn.execute("TRUNCATE contactsync.contact, contactsync.contact_list, contactsync.list_member")
        conn.execute("INSERT INTO contactsync.account (name, dedup) VALUES ('bench', 'reference')")
        conn.execute("CHECKPOINT")
        (account,) = accounts.every(conn)
    tree.make(account.home_under(root), None)
    return account


def _floor(url: str, account: Account, file: Path) -> None:
    script = FLOOR.format(file=file, account=account.account_id)
    subprocess.run(
        [find_binaries() / "psql", "-qX", "-v", "ON_ERROR_STOP=1", url], input=script, text=True, check=True
    )


if __name__ == "__main__":
    main()
