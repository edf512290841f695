"""Every setting, with its type, bounds, default and description (protocol 7)."""

from __future__ import annotations

import fnmatch
import os
import re
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from contactsync.settings.field_types import (
    AbsolutePath,
    DailyName,
    DatabaseUrl,
    HostNames,
    IpAddress,
    Patterns,
    Seconds,
    SocketPath,
)

PREFIX = "CONTACTSYNC_"


class Settings(BaseSettings):
    """All settings with their defaults. Times are in seconds, sizes in bytes.

    A field with `repr=False` is a secret: its value appears in no output and in no message (protocol 7).
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    ftp_root: AbsolutePath = Field(
        Path("/srv/ftp"), description="the folder that holds the accounts' FTP homes"
    )
    database_url: DatabaseUrl | None = Field(
        None,
        min_length=1,
        repr=False,
        description="any libpq URL; absent: embedded PostgreSQL under data_dir",
    )
    database_password_file: AbsolutePath | None = Field(
        None, repr=False, description="a file that contains only the password for database_url"
    )
    data_dir: AbsolutePath = Field(
        Path("/var/lib/contactsync"), description="where the daemon keeps its own data"
    )
    workers: int = Field(
        4, ge=1, le=64, description="how many deposits are processed in parallel, each of a different account"
    )
    settle_seconds: Seconds = Field(5, description="how long an upload that looks complete must be unchanged")
    grace_seconds: Seconds = Field(
        120, description="how long an upload that looks incomplete must be unchanged"
    )
    rescan_seconds: float = Field(
        2, gt=0, le=3600, description="how often all folders are scanned, in addition to events"
    )
    shutdown_seconds: Seconds = Field(
        20, description="how long a stopping daemon waits for deposits in progress"
    )
    max_file_bytes: int = Field(
        20 << 20, ge=1, description="the largest deposit that is accepted, zipped or not"
    )
    max_inflated_bytes: int = Field(
        256 << 20, ge=1, description="the largest CSV that is accepted inside a zip"
    )
    max_cpu_seconds: float = Field(
        300, gt=0, le=86_400, description="the processor time that a deposit may take to be read"
    )
    min_free_bytes: int = Field(
        1 << 30, ge=0, description="with less free space (or min_free_percent), nothing is claimed; 0: never"
    )
    min_free_percent: float = Field(
        2, ge=0, le=99, description="the same as a share of the file system; the smaller of the two counts"
    )
    ignored_names: Patterns = Field(
        (
            *(".*", "*~", "*.part", "*.filepart", "*.partial", "*.tmp", "*.temp"),
            *("*.writing", "*.inprogress", "*.uploading", "*.crdownload"),
        ),
        description="patterns of file names to ignore, such as uploads in progress",
    )
    control_names: Patterns = Field(
        ("*.ok", "*.done", "*.trg", "*.flag", "*.ctl", "*.eof", "*.md5", "*.sha1", "*.sha256"),
        description="patterns of names of control files, which are no deposits and stay in in/",
    )
    repeat_days: int = Field(
        30,
        ge=0,
        le=36_500,
        description="days for which a file that was applied is recognised when it comes again",
    )
    result_files: bool = Field(
        default=True, description="write .result.json, .result.html and .rejected.csv beside settled files"
    )
    result_pages: Literal["needed", "always", "never"] = Field(
        "needed", description="which answers also get a page, .result.html: those that someone has to act on"
    )
    undo_days: int = Field(
        7,
        ge=0,
        le=365,
        description="days for which a deposit can be undone; 0: never, nothing is kept for it",
    )
    keep_settled_days: int = Field(
        0, ge=0, le=36_500, description="days to keep settled files in ok/ and ko/; 0: forever"
    )
    keep_history_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="days to keep the ledger's row of a deposit whose file is gone; 0: forever",
    )
    keep_reactions_days: int = Field(
        0, ge=0, le=36_500, description="days to keep reactions to campaigns in the database; 0: forever"
    )
    keep_consent_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="days to keep events of consent; those of current opt-outs stay; 0: forever",
    )
    keep_contacts_idle_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="days after which a contact is removed if nothing happened to it; 0: never",
    )
    report_retention_days: int = Field(
        7, ge=1, le=3650, description="days to keep in reporting/; missing ones are published"
    )
    report_delay_seconds: Seconds = Field(
        60, description="how long after midnight, in the account's time zone, its day is published"
    )
    daily_zip_name: DailyName = Field(
        "{day}_Daily.zip", description="name of the zip with all campaigns of a day; {day} is the day"
    )
    report_phones: Literal["international", "e164"] = Field(
        "international",
        description="how reports write phone numbers: with spaces, which a spreadsheet leaves alone, or as e164",
    )
    defuse_formulas: bool = Field(
        default=True,
        description="put an apostrophe before formulas in reports and rejected files",
    )
    metrics_port: int | None = Field(
        None, ge=1, le=65_535, description="port of /metrics and /healthz; absent: they are not served"
    )
    metrics_address: IpAddress = Field("127.0.0.1", description="the address of this host to serve them on")
    metrics_socket: SocketPath | None = Field(
        None, description="a Unix socket to serve them on, beside metrics_port or instead of it"
    )
    metrics_token_file: AbsolutePath | None = Field(
        None, description="a file that contains only the token for the details of /healthz"
    )
    http_hosts: HostNames = Field(
        (),
        examples=["contactsync.example.net"],
        description="names of this host that the Host header of a request may have, beside localhost",
    )
    log_format: Literal["json", "console"] | None = Field(
        None, description="json or console; absent: console on a terminal, else json"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the parent's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the parent's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the parent's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, whose values `load` passes to the constructor."""
        assert isinstance(init_settings, InitSettingsSource)
        return env_settings, init_settings

    @cached_property
    def _ignored(self) -> re.Pattern[str]:
        return re.compile(
            "|".join(fnmatch.translate(pattern) for pattern in (*self.ignored_names, *self.control_names)),
            re.IGNORECASE,
        )

    @property
    def database_source(self) -> tuple[str | None, Path | None, Path]:
        """The arguments of `database.source.database`: URL, password file, folder of the embedded server."""
        return self.database_url, self.database_password_file, self.data_dir

    def ignores(self, name: bytes) -> bool:
        """Whether a file of this name in `in/` is ignored (protocol 1)."""
        patterns = self.ignored_names or self.control_names
        return bool(patterns) and self._ignored.match(os.fsdecode(name)) is not None
