"""The demo's sending platform: two campaigns of yesterday, the reactions of contacts, and the report."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from psycopg.conninfo import make_conninfo

from contactsync.database import roles
from contactsync.database.connection import Connection, connect
from contactsync.domain.account import Account
from contactsync.reports import days
from contactsync.reports.folder import ReportFolder
from contactsync.reports.publish import publish
from contactsync.settings.settings import Settings
from contactsync.spool.home_pins import HomePins

CAMPAIGNS = {101: "Soldes d'été", 102: "Invitation / atelier"}
REACTIONS = (
    # campaign, position of the contact in the sample, medium, kind, hour of the day
    (101, 0, "EMAIL", "opened", 9),
    (101, 0, "EMAIL", "clicked", 9),
    (101, 1, "EMAIL", "opened", 14),
    (102, 1, "EMAIL", "opened", 18),
    (102, 2, "EMAIL", "optout", 19),
)

CAMPAIGN = """
INSERT INTO contactsync.campaign (account_id, campaign_id, name, media, opened_on)
VALUES (%s, %s, %s, '{EMAIL}', %s) ON CONFLICT DO NOTHING
"""
RECORD = "SELECT contactsync.record_reactions(%s, %s)"
CONTACTS = "SELECT contact_id FROM contactsync.contact WHERE account_id = %s ORDER BY contact_id LIMIT 3"


def report(conn: Connection, account: Account, settings: Settings) -> Path:
    """Record the reactions as the sender, publish yesterday as the daemon, and return the day's folder.

    Repeating it is harmless. `conn` is the daemon's connection.
    """
    zone = days.zone_of(account)
    day = days.day_of(days.today(datetime.now(UTC), zone) - timedelta(days=1), zone)
    contacts = [row["contact_id"] for row in conn.execute(CONTACTS, [account.account_id])]
    reactions = [
        {
            "campaign_id": campaign,
            "contact_id": contacts[place],
            "medium": medium,
            "kind": kind,
            "occurred_at": (day.since + timedelta(hours=hour)).isoformat(),
        }
        for campaign, place, medium, kind, hour in REACTIONS
        if place < len(contacts)
    ]
    with connect(make_conninfo(conn.info.dsn, user=roles.SENDER)) as sender, sender.transaction():
        for number, name in CAMPAIGNS.items():
            sender.execute(CAMPAIGN, [account.account_id, number, name, day.date])
        sender.execute(RECORD, [account.account_id, json.dumps(reactions)])
    home = account.home_under(settings.ftp_root)
    with ReportFolder(home, HomePins(settings.ftp_root, settings.data_dir), wait=True) as folder:
        publish(conn, account, folder, day, settings)
    return home / "reporting" / str(day.date)
