"""Which zips a day has, their names, and the files in them (protocol 6). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from contactsync.domain.portable_names import portable

REACTIONS = {
    "EMAIL": ("opened", "clicked", "optout"),
    "SMS": ("optout",),
    "VOICE": ("optout",),
    "VOICEMAIL": ("optout",),
}
"""Medium to the kinds of reaction that always have a file; without a reaction, it has only its header."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign in progress on a day. `recorded` holds the pairs recorded that day, such as `EMAIL_clicked`."""

    campaign_id: int
    name: str
    media: tuple[str, ...]
    recorded: frozenset[str]


@dataclass(frozen=True, slots=True)
class Archive:
    """One zip: its name, the ids of its campaigns, and its files as pairs.

    `files` includes the files without a row; `recorded` holds only the pairs with rows.
    """

    name: str
    campaigns: tuple[int, ...]
    files: tuple[str, ...]
    recorded: frozenset[str]


def archives(day: date, campaigns: Sequence[Campaign], daily_name: str) -> list[Archive]:
    """Return the zips of a day: the daily one, then one per campaign. `{day}` in `daily_name` is the day.

    On a day without a campaign, the daily zip has the files of all media, so that its readers find some.
    """
    media = [medium for campaign in campaigns for medium in campaign.media] or list(REACTIONS)
    recorded = frozenset[str]().union(*(campaign.recorded for campaign in campaigns))
    ids = tuple(campaign.campaign_id for campaign in campaigns)
    daily = Archive(daily_zip(day, daily_name), ids, _files(media, recorded), recorded)
    return [daily] + [
        Archive(
            zip_name(day, campaign),
            (campaign.campaign_id,),
            _files(campaign.media, campaign.recorded),
            campaign.recorded,
        )
        for campaign in campaigns
    ]


def daily_zip(day: date, daily_name: str) -> str:
    """Return the name of the zip of all campaigns; `{day}` in `daily_name` is the day."""
    return daily_name.replace("{day}", day.isoformat())


def _files(media: Iterable[str], recorded: frozenset[str]) -> tuple[str, ...]:
    always = {f"{medium}_{kind}" for medium in media for kind in REACTIONS[medium]}
    return tuple(sorted(always | recorded))


def zip_name(day: date, campaign: Campaign) -> str:
    """Return `<day>_<campaignId>_<campaignName>.zip`, a name that is safe on every system.

    The id distinguishes two campaigns whose names are the same, also those that differ only by case.
    """
    name = campaign.name
    bare = name.lstrip(".")
    return portable(f"{day}_{campaign.campaign_id}_{'_' * (len(name) - len(bare))}{bare}", ".zip")
