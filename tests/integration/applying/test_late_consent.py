"""Opt-ins and opt-outs that are processed late or in another order: the newest request counts (protocol 4)."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg

from contactsync.database import retries, statements
from contactsync.processing import requeue
from tests.integration.applying.samples import A, B, C, counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.integration.conftest import Site

HOUR = 3_600
NOON = 1_764_072_000
"""Long before any of these tests runs."""


def at(hours: float) -> datetime:
    """So many hours after noon."""
    return datetime.fromtimestamp(NOON + hours * HOUR, UTC)


def apply_dated(site: Site, hours: float, content: str, action: str, name: str = "x.csv") -> dict[str, Any]:
    """Process a file with this deposit date: one that was claimed before a restart."""
    stamp = int(at(hours).timestamp())
    (site.folder(action, "on") / f"{stamp}_{name}").write_text(content, encoding="utf-8")
    (row,) = site.work()
    return row


def campaign_opt_out(site: Site, hours: float, *addresses: str) -> None:
    """What record_reactions does, without the campaign."""
    opt_out_by(site.conn, hours, addresses)


def opt_out_by(conn: psycopg.Connection[Any], hours: float, addresses: Sequence[str]) -> None:
    conn.execute(
        "SELECT contactsync.opt_out_addresses(account_id, array_fill('EMAIL'::text, ARRAY[%(n)s]), %(addresses)s,"
        " array_fill(%(at)s::timestamptz, ARRAY[%(n)s])) FROM contactsync.account",
        {"n": len(addresses), "addresses": list(addresses), "at": at(hours)},
    )


def opted_out(site: Site) -> list[str]:
    return [address for (address,) in site.rows("SELECT address FROM contactsync.opt_out ORDER BY 1")]


def test_an_opt_in_removes_no_opt_out_that_is_younger_than_its_deposit(site: Site) -> None:
    """Whenever it is processed. What stays is unchanged, with its lines and a sentence of its own."""
    campaign_opt_out(site, 1, A)
    campaign_opt_out(site, 3, B)
    row = apply_dated(site, 2, f"Email\n{A}\n{B}\n{C}\n{B}\n", "optinEMAIL")
    assert counts(row) == (4, 4, 0, 0, 0, 2, 1)
    assert opted_out(site) == [B]
    result = site.result(row)
    (warning,) = result["warnings"]
    assert (warning["code"], warning["count"], warning["lines"]) == ("later_opt_out", 1, [3, 5])
    assert "reste désabonnée, car son désabonnement est postérieur au dépôt" in result["message"]
    assert B not in str(result)


def test_an_opt_out_of_the_same_moment_is_removed(site: Site) -> None:
    """It is not younger."""
    campaign_opt_out(site, 2, A)
    assert apply_dated(site, 2, f"Email\n{A}\n", "optinEMAIL")["removed"] == 1


def test_a_file_has_its_deposit_date_however_late_it_is_processed(site: Site) -> None:
    """An opt-out file from before the opt-in does not outlive it, a second one from after it does."""
    apply_dated(site, 1, f"Email\n{A}\n{B}\n", "optoutEMAIL")
    again = apply_dated(site, 3, f"Email\n{B}\n", "optoutEMAIL")
    assert counts(again) == (1, 1, 0, 0, 0, 1, 0)
    assert apply_dated(site, 2, f"Email\n{A}\n{B}\n", "optinEMAIL")["removed"] == 1
    assert opted_out(site) == [B]
    events = "SELECT address, kind, occurred_at FROM contactsync.consent_event WHERE address = %s ORDER BY event_id"
    assert site.rows(events, A) == [(A, "optout", at(1)), (A, "optin", at(2))]
    assert site.rows(events, B) == [(B, "optout", at(1))]


def test_an_opt_out_that_is_recorded_late_applies(site: Site) -> None:
    """Even if it is older than an opt-in that was processed."""
    apply_dated(site, 3, f"Email\n{A}\n", "optinEMAIL")
    campaign_opt_out(site, 1, A)
    apply_dated(site, 2, f"Email\n{B}\n", "optoutEMAIL")
    assert opted_out(site) == [A, B]


def test_a_deposit_whose_name_was_taken_is_not_younger_for_it(site: Site) -> None:
    """It gets a later second, but an opt-in that is uploaded before that second comes after it all the same."""
    now = int(time.time())
    for second in range(now - 5, now + 1_000):
        (site.folder("optoutEMAIL", "ok") / f"{second}_x.csv").touch()
    out = site.apply(f"Email\n{A}\n", "x.csv", action="optoutEMAIL")
    assert out["deposited_at"].timestamp() >= now + 1_000
    assert site.apply(f"Email\n{A}\n", "x.csv", action="optinEMAIL")["removed"] == 1


def retry(site: Site, row: dict[str, Any]) -> dict[str, Any]:
    """Put a refused deposit back and process it; its new row."""
    found = site.daemon.execute(
        statements.get("ledger/deposit"), {"deposit_id": row["deposit_id"]}
    ).fetchone()
    assert found
    with site.spool() as spool:
        assert requeue.put_back(site.daemon, site.account, spool, retries.as_retried(found))
    (new,) = site.work()
    return new


def test_a_retry_has_the_date_of_the_original_also_the_second_time(site: Site) -> None:
    """So a retried opt-in does not undo an opt-out from after the original, and a retried opt-out is as old as it was."""
    ragged = "Email;Nom\n{};N\nragged\n"
    opt_out = apply_dated(site, 1, ragged.format(B), "optoutEMAIL")
    opt_in = apply_dated(site, 2, ragged.format(A), "optinEMAIL")
    campaign_opt_out(site, 3, A)
    opt_in = retry(site, opt_in)
    assert (opt_out["state"], opt_in["state"]) == ("ko", "ko")
    site.set(syntax_errors="skip")
    opt_in, opt_out = retry(site, opt_in), retry(site, opt_out)
    assert (opt_in["state"], opt_in["removed"], opt_in["unchanged"]) == ("ok", 0, 1)
    assert [warning["code"] for warning in site.result(opt_in)["warnings"]] == ["later_opt_out"]
    assert opted_out(site) == [A, B]
    assert apply_dated(site, 2, f"Email\n{B}\n", "optinEMAIL", "later.csv")["removed"] == 1


def test_an_opt_in_waits_for_a_campaign_that_is_renewing_the_opt_out(site: Site) -> None:
    """What the campaign commits meanwhile counts, so the newer opt-out stays."""
    campaign_opt_out(site, 1, A)
    stamp = int(at(2).timestamp())
    (site.folder("optinEMAIL", "on") / f"{stamp}_x.csv").write_text(f"Email\n{A}\n", encoding="utf-8")
    with psycopg.connect(site.owner_url) as platform:
        platform.execute("UPDATE contactsync.opt_out SET latest = %s", [at(3)])
        working = threading.Thread(target=site.step)
        working.start()
        until = time.monotonic() + 120
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        while site.rows(waiting) == [(0,)]:
            assert time.monotonic() < until, "the opt-in does not wait"
        platform.commit()
        working.join()
    (row,) = site.ledger()
    assert (row["removed"], row["unchanged"]) == (0, 1)
    assert opted_out(site) == [A]


def test_thousands_of_opt_ins_are_matched_by_index_or_by_one_pass(site: Site) -> None:
    """Also when all opt-outs are younger: their lines are found without comparing all with all."""
    everybody = [f"u{n}@example-mail.fr" for n in range(5_000)]
    campaign_opt_out(site, 1, *everybody[::2])
    campaign_opt_out(site, 3, *everybody[1::2])
    row = apply_dated(site, 2, "Email\n" + "\n".join(everybody) + "\n", "optinEMAIL")
    assert (row["removed"], row["unchanged"]) == (2_500, 2_500)
    (warning,) = site.result(row)["warnings"]
    assert (warning["count"], warning["lines"]) == (2_500, list(range(3, 203, 2)))


def test_opt_ins_and_campaigns_with_the_same_addresses_never_deadlock(site: Site) -> None:
    """Both lock them in one order, whatever the order of the file and of the call; the younger opt-outs stay."""
    everybody = [f"u{n}@example-mail.fr" for n in range(500)]
    errors: list[psycopg.Error] = []
    done = threading.Event()

    def campaign() -> None:
        with psycopg.connect(site.owner_url, autocommit=True) as conn:
            for hours in range(10, 100):
                if done.is_set():
                    return
                try:
                    opt_out_by(conn, hours, everybody[:: -1 if hours % 2 else 1])
                except psycopg.Error as error:
                    errors.append(error)

    campaign_opt_out(site, 1, *everybody)
    working = threading.Thread(target=campaign)
    working.start()
    for hours in (2, 40, 60):
        apply_dated(site, hours, "Email\n" + "\n".join(reversed(everybody)) + "\n", "optinEMAIL")
    done.set()
    working.join()
    campaign_opt_out(site, 100, *everybody)
    assert errors == []
    assert opted_out(site) == sorted(everybody)
