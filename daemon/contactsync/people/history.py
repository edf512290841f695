"""The history of a person's consent in sentences: when, for which medium, and by which file or campaign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from contactsync.people.kept_files import Search
from contactsync.people.records import Records

_KINDS = {"optout": "opted out of", "optin": "opted in again for"}


def sentences(records: Records, search: Search) -> Iterator[str]:
    """One sentence per consent event, oldest first, then what holds now for each address and medium.

    `search` finds the lines of the files that the events came from.
    """
    for event in records.consent:
        what = f"{event['address']} {_KINDS[event['kind']]} {event['medium']}"
        yield f"{_moment(event['occurred_at'])}: {what}, {_origin(event, search)}."
    for opt_out in records.opt_outs:
        latest = f", and again on {_moment(opt_out['latest'])}" if opt_out["latest"] else ""
        yield (
            f"Now: {opt_out['address']} is opted out of {opt_out['medium']}, since {_moment(opt_out['since'])}"
            f" (by {opt_out['origin']}){latest}."
        )
    if not records.opt_outs:
        yield "Now: no opt-out holds."


def _origin(event: Mapping[str, Any], search: Search) -> str:
    if event["origin"] == "campaign":
        known = event["campaign_id"] is not None
        return f"by campaign {event['campaign_id']} ({event['campaign']})" if known else "by a campaign"
    if event["origin"] == "undo":
        return f"by the undo of deposit {event['deposit_id']}"
    if event["claimed_name"] is None:
        return f"by deposit {event['deposit_id']}, whose row has been removed (keep_history_days)"
    return f"by deposit {event['deposit_id']}, the file {event['claimed_name']} in {event['action']}{_where(event, search)}"


def _where(event: Mapping[str, Any], search: Search) -> str:
    """The lines of the file that name the person, or why there are none."""
    if event["tidied_at"] is not None:
        return ", which has been removed (keep_settled_days)"
    found = search.one(event)
    if found.problem:
        return f" ({found.problem})"
    if not found.lines:
        return ", which is no longer there"
    return f", line{'s' if len(found.lines) > 1 else ''} {', '.join(map(str, found.lines))}"


def _moment(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
