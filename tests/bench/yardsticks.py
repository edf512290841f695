"""The yardsticks, each on the same file and server: the floor, pgloader, row by row."""

from __future__ import annotations

import csv
import shutil
import subprocess
from typing import TYPE_CHECKING

import email_validator
import phonenumbers
import psycopg

from contactsync.database.embedded.cluster import find_binaries
from contactsync.domain.columns import KEYS

if TYPE_CHECKING:
    from pathlib import Path

    from contactsync.domain.account import Account

NARROW = ("reference", "civility", "first_name", "last_name", "email", "phone", "mobile")
WIDE = (*NARROW, *(key for key in KEYS if key not in NARROW))

_FLOOR = r"""
BEGIN;
CREATE TEMP TABLE raw ({raw}) ON COMMIT DROP;
\copy raw FROM '{file}' WITH (FORMAT csv, DELIMITER ';', HEADER, ENCODING 'latin1')
ANALYZE raw;
INSERT INTO contactsync.contact (account_id, identity, {columns})
SELECT {account}, reference, {values} FROM raw
ON CONFLICT (account_id, identity) WHERE identity IS NOT NULL DO UPDATE SET {assigned};
INSERT INTO contactsync.contact_list (account_id, list_id, name) VALUES ({account}, 1, 'floor');
INSERT INTO contactsync.list_member (account_id, list_id, contact_id)
SELECT {account}, 1, c.contact_id FROM raw JOIN contactsync.contact AS c
ON c.account_id = {account} AND c.identity = raw.reference;
COMMIT;
"""

_PGLOADER = r"""
LOAD CSV FROM '{file}' WITH ENCODING iso-8859-1 INTO {url} TARGET TABLE public.bare
WITH truncate, skip header = 1, fields optionally enclosed by '"', fields terminated by ';'
SET work_mem TO '64MB', maintenance_work_mem TO '64MB';
"""


def floor(url: str, account: Account, file: Path, columns: tuple[str, ...]) -> None:
    """`psql`: `\\copy` into a temp table of text, the same upsert and list in SQL; no parsing, no validation."""
    values = {c: "to_date(birth_date, 'DD/MM/YYYY')" if c == "birth_date" else c for c in columns}
    script = _FLOOR.format(
        raw=", ".join(f"{c} text" for c in columns),
        file=file,
        account=account.account_id,
        columns=", ".join(columns),
        values=", ".join(values.values()),
        assigned=", ".join(f"{c} = excluded.{c}" for c in columns if c != "reference"),
    )
    _psql(url, script)


def prepare_pgloader(url: str, columns: tuple[str, ...]) -> None:
    """The bare table of text that pgloader fills."""
    raw = ", ".join(f"{c} text" for c in columns)
    _psql(url, f"DROP TABLE IF EXISTS public.bare; CREATE TABLE public.bare ({raw});")


def has_pgloader() -> bool:
    """Whether Debian's pgloader is installed."""
    return shutil.which("pgloader") is not None


def pgloader(socket: Path, database: str, user: str, file: Path, folder: Path) -> None:
    """pgloader's load of the file into a bare table of text: no upsert, no list, no validation."""
    script = folder / "bare.load"
    url = f"postgresql://{user}@unix:{socket}:5432/{database}"
    script.write_text(_PGLOADER.format(file=file, url=url), encoding="utf-8")
    subprocess.run(
        ["pgloader", "--quiet", "--root-dir", folder / "pgloader", script],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def row_by_row(url: str, account: Account, file: Path) -> None:
    """`csv`, `phonenumbers`, `email-validator` and `executemany`: the loop that most programs start with."""
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


def _psql(url: str, script: str) -> None:
    subprocess.run(
        [find_binaries() / "psql", "-qX", "-v", "ON_ERROR_STOP=1", url], input=script, text=True, check=True
    )
