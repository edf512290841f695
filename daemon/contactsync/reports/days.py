"""What a daily report holds (protocol 6): which days, which zips and files, their names, header line and encoding. Pure.

A day is the account's own, from midnight to midnight in its time zone, so it may have 23 or 25 hours.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contactsync.domain.account import Account, Encoding
from contactsync.domain.columns import FRENCH, KEYS, label_problem
from contactsync.domain.errors import ConfigurationError
from contactsync.domain.names import MAX_NAME_BYTES
from contactsync.domain.windows_1252 import decode_windows_1252

REACTIONS = {"EMAIL": ("opened", "clicked", "optout"), "SMS": ("optout",), "VOICE": ("optout",)} | {
    "VOICEMAIL": ("optout",)
}
"""The files that a medium always has, header only where nobody reacted."""

_DAY = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}")


# --- days --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day and its reactions' times: `since` ≤ t < `until`, both in UTC."""

    date: date
    since: datetime
    until: datetime


def zone_of(account: Account) -> ZoneInfo:
    """The account's time zone; raises ConfigurationError where there is none of that name."""
    try:
        return ZoneInfo(account.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # written by others' SQL
        raise ConfigurationError(
            f"there is no time zone {account.time_zone!r}: contactsync account set {account.name} --time-zone …"
        ) from None


def day_of(when: date, zone: ZoneInfo) -> Day:
    """The day with its bounds. Where the clocks skip midnight, it begins with the first moment after the gap."""
    return Day(when, _midnight(when, zone), _midnight(when + timedelta(days=1), zone))


def _midnight(when: date, zone: ZoneInfo) -> datetime:
    # fold=0: of a midnight that comes twice the first; of one that is skipped, the moment of the skip.
    return datetime.combine(when, time(), zone).astimezone(UTC)


def today(now: datetime, zone: ZoneInfo) -> date:
    """The account's day at `now`."""
    return now.astimezone(zone).date()


def next_night(now: datetime, zone: ZoneInfo, delay: timedelta) -> datetime:
    """When the next day is to be published after `now`: its midnight and the delay, in UTC."""
    day = day_of(today(now - delay, zone), zone)
    while day.until + delay <= now:  # a day that the calendar skipped, as Samoa's 30 December 2011
        day = day_of(day.date + timedelta(days=1), zone)
    return day.until + delay


def owed(
    now: datetime, zone: ZoneInfo, retention: int, delay: timedelta, built: Mapping[date, datetime]
) -> list[Day]:
    """The days that have ended and are to be published now, oldest first.

    Of the last `retention` days those that are not in `built` (day → when its building began), or were built
    before they had ended.
    """
    current = today(now, zone)
    days = (day_of(current - timedelta(days=back), zone) for back in range(retention, 0, -1))
    return [
        day
        for day in days
        if day.until + delay <= now and (day.date not in built or built[day.date] < day.until)
    ]


def expired(days: Iterable[date], now: datetime, zone: ZoneInfo, retention: int) -> list[date]:
    """The days that are older than the retention, oldest first."""
    oldest = today(now, zone) - timedelta(days=retention)
    return sorted(day for day in days if day < oldest)


def as_day(name: bytes) -> date | None:
    """The day that a folder is named after, or None."""
    if not _DAY.fullmatch(name):
        return None
    try:
        return date.fromisoformat(name.decode())
    except ValueError:  # 31 April
        return None


# --- zips and files ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign in progress on a day; `recorded` are that day's pairs, as `EMAIL_clicked`."""

    campaign_id: int
    name: str
    media: tuple[str, ...]
    recorded: frozenset[str]


@dataclass(frozen=True, slots=True)
class Archive:
    """One zip: its name, whose reactions are in it, and its files as pairs, those without a row too."""

    name: str
    campaigns: tuple[int, ...]
    files: tuple[str, ...]
    recorded: frozenset[str]


def archives(day: date, campaigns: Sequence[Campaign], daily_name: str) -> list[Archive]:
    """The zips of a day: the daily one, then one per campaign. `daily_name` has `{day}` for the day.

    On a day without a campaign the daily zip has the files of all media, so that its readers find some.
    """
    media = [medium for campaign in campaigns for medium in campaign.media] or list(REACTIONS)
    recorded = frozenset[str]().union(*(campaign.recorded for campaign in campaigns))
    ids = tuple(campaign.campaign_id for campaign in campaigns)
    daily = Archive(daily_name.replace("{day}", day.isoformat()), ids, _files(media, recorded), recorded)
    return [daily] + [
        Archive(
            zip_name(day, campaign),
            (campaign.campaign_id,),
            _files(campaign.media, campaign.recorded),
            campaign.recorded,
        )
        for campaign in campaigns
    ]


def _files(media: Iterable[str], recorded: frozenset[str]) -> tuple[str, ...]:
    always = {f"{medium}_{kind}" for medium in media for kind in REACTIONS[medium]}
    return tuple(sorted(always | recorded))


def zip_name(day: date, campaign: Campaign) -> str:
    """`<day>_<campaignId>_<campaignName>.zip` as a file's name: the id keeps two of one name apart.

    `/`, control characters and leading dots become `_`; what is over 255 bytes is cut at a whole character.
    """
    letters = "".join("_" if c == "/" or unicodedata.category(c) in _CONTROL else c for c in campaign.name)
    bare = letters.lstrip(".")
    stem = f"{day}_{campaign.campaign_id}_{'_' * (len(letters) - len(bare))}{bare}"
    return stem.encode()[: MAX_NAME_BYTES - len(".zip")].decode("utf-8", "ignore") + ".zip"


_CONTROL = ("Cc", "Zl", "Zp")  # control characters, line and paragraph separators


# --- the text of a file ------------------------------------------------------------------------------------


def header_line(account: Account) -> str:
    """The 31 French headers, the account's labels in place of `Champ n`, as a line of the account's CSV."""
    # Labels that others' SQL wrote and that no file may have would refuse the file when it comes back.
    labels = () if label_problem(account.field_labels) else account.field_labels
    own = {f"field_{n}": label.strip() for n, label in enumerate(labels, start=1) if label}
    return (
        account.separator.join(_quoted(own.get(key, FRENCH[key]), account.separator) for key in KEYS) + "\n"
    )


def _quoted(cell: str, separator: str) -> str:
    if separator in cell or '"' in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell


_C1 = bytes(range(0x80, 0xA0))
_WESTERN = codecs.charmap_build(decode_windows_1252(bytes(range(256))))


@dataclass(frozen=True, slots=True)
class FileEncoding:
    """How a file's UTF-8 becomes its bytes. `bom` is what it begins with; `lossy` that `?` may stand for some."""

    western: bool
    bom: bytes = b""
    lossy: bool = False

    def encode(self, utf8: bytes) -> bytes:
        """Some of the file's whole characters."""
        return _western(utf8, "replace") if self.western else utf8


def has_western_bytes(utf8: bytes) -> bool:
    """Whether each of the characters has a byte in ISO-8859-1 with Windows-1252's characters (protocol 2)."""
    try:
        _western(utf8, "strict")
    except UnicodeEncodeError:
        return False
    return True


def _western(utf8: bytes, errors: str) -> bytes:
    if utf8.isascii():
        return utf8
    text = utf8.decode()
    with suppress(UnicodeEncodeError):
        latin = text.encode("latin-1")  # nearly all texts have no more, and it is thrice as fast
        if len(latin.translate(None, _C1)) == len(latin):
            return latin
    return codecs.charmap_encode(text, errors, _WESTERN)[0]


def file_encoding(pinned: Encoding, *, western: bool) -> FileEncoding:
    """The encoding of a file (protocol 6); `western` says whether all of it has Windows-1252 bytes.

    A pin is kept: under `iso-8859-1` what has no byte becomes `?`. Under `auto` no such file can be taken for
    UTF-8 when it comes back, because the `é;` in its header line is no UTF-8.
    """
    if pinned == "utf-8":
        return FileEncoding(western=False)
    if western or pinned == "iso-8859-1":
        return FileEncoding(western=True, lossy=not western)
    return FileEncoding(western=False, bom=codecs.BOM_UTF8)
