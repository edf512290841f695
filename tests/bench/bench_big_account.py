"""The reference file into an account of 10 million contacts, against an empty one: `python -m tests.bench.bench_big_account`.

`[contacts]` for another number. The contacts are there since before: vacuumed and analysed, as autovacuum leaves them.
"""

from __future__ import annotations

import sys

from contactsync.database.connection import connect
from tests.bench.place import Times, place
from tests.bench.reference_file import Shape, write

CONTACTS = 10_000_000
RUNS = 5

_FILL = """
INSERT INTO contactsync.contact (account_id, identity, reference, civility, first_name, last_name, email, phone, mobile)
SELECT %(account)s, 'B' || lpad(i::text, 8, '0'), 'B' || lpad(i::text, 8, '0'), 'Mme', 'Hélène', 'LEFÈVRE',
    'contact' || i || '@example-mail.fr', '+332' || lpad((i %% 100000000)::text, 8, '0'), '+336' || lpad(i::text, 8, '0')
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i
"""


def main() -> None:
    """Print times and their ratio; each import adds its contacts, so a run's file follows on the last one's."""
    contacts = int(sys.argv[1]) if len(sys.argv) > 1 else CONTACTS
    times = Times()
    with place() as here:
        big, small = here.fresh("big", "small")
        with connect(here.url) as conn:
            for first in range(1, contacts, 1_000_000):
                last = min(first + 999_999, contacts)
                conn.execute(_FILL, {"account": big.account_id, "first": first, "last": last})
            conn.execute("VACUUM (ANALYZE) contactsync.contact")
        # The first warms up.
        for run in range(RUNS + 1):
            for account, what in ((small, "into an empty account"), (big, f"into {contacts:,} contacts")):
                if account is small:
                    with connect(here.url) as conn:
                        conn.execute(
                            "DELETE FROM contactsync.contact WHERE account_id = %s", (small.account_id,)
                        )
                        conn.execute("VACUUM contactsync.contact")
                file = here.folder / "reference.csv"
                write(file, Shape(first=run * 300_000))
                here.put(account, file, f"contacts{run}.csv")
                here.settle()
                with times.of(what):
                    here.take(account)
        for taken in times.taken.values():
            del taken[0]
    times.show()
    times.compare(f"into {contacts:,} contacts", "into an empty account", 1.5)


if __name__ == "__main__":
    main()
