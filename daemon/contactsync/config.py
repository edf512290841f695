"""Settings: a TOML file, each key also an environment variable `CONTACTSYNC_<KEY>`, which wins (SPEC 7)."""

from __future__ import annotations

import fnmatch
import os
import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from contactsync.errors import ConfigurationError
from contactsync.reporting import daily_name_problem

DEFAULT_PATH = Path("/etc/contactsync/contactsync.toml")
PREFIX = "CONTACTSYNC_"

Seconds = Annotated[float, Field(ge=0, le=86_400)]
AbsolutePath = Annotated[Path, BeforeValidator(lambda value: Path(value).absolute())]


def _daily_name(value: str) -> str:
    if problem := daily_name_problem(value):
        raise ValueError(problem)
    return value


DailyName = Annotated[str, AfterValidator(_daily_name)]


class Settings(BaseSettings):
    """Every setting with its default; times are seconds, sizes bytes."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    ftp_root: AbsolutePath = Field(
        Path("/srv/ftp"), description="the folder that holds the accounts' FTP homes"
    )
    database_url: str | None = Field(
        None, min_length=1, description="any libpq URL; absent: embedded PostgreSQL under data_dir"
    )
    data_dir: AbsolutePath = Field(
        Path("/var/lib/contactsync"), description="where the daemon keeps its own data"
    )
    workers: int = Field(
        4, ge=1, le=64, description="deposits that are processed side by side, each of another account"
    )
    settle_seconds: Seconds = Field(5, description="how long an upload that looks whole must have been quiet")
    grace_seconds: Seconds = Field(
        120, description="how long an upload that does not look whole must have been quiet"
    )
    rescan_seconds: float = Field(
        2, gt=0, le=3600, description="how often all folders are looked at, events or not"
    )
    shutdown_seconds: Seconds = Field(20, description="how long a stopping daemon waits for deposits in work")
    max_file_bytes: int = Field(20 << 20, ge=1, description="the largest deposit, zipped or not")
    max_inflated_bytes: int = Field(512 << 20, ge=1, description="the largest CSV inside a zip")
    ignored_names: tuple[str, ...] = Field(
        (".*", "*.part", "*.filepart", "*.tmp"),
        description="patterns of names that are no deposits, such as uploads in progress",
    )
    result_files: bool = Field(
        default=True, description="write .result.json and .rejected.csv beside settled files"
    )
    keep_settled_days: int = Field(
        0, ge=0, le=36_500, description="days for which settled files stay in ok/ and ko/; 0: for ever"
    )
    keep_history_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="days for which the ledger remembers a deposit whose file is gone; 0: for ever",
    )
    report_retention_days: int = Field(
        7, ge=1, le=3650, description="days of reporting/ that are kept, and made up where they are missing"
    )
    report_delay_seconds: Seconds = Field(
        60, description="how long after an account's midnight its day is published"
    )
    daily_zip_name: DailyName = Field(
        "{day}_Daily.zip", description="the zip with all campaigns of a day; {day} is the day"
    )
    defuse_formulas: bool = Field(
        default=False,
        description="put an apostrophe before formulas in reports, and take it away from imported cells",
    )
    metrics_port: int | None = Field(
        None, ge=1, le=65_535, description="loopback port of /metrics; reserved: nothing is served yet"
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
        """The environment comes before what the file says, which `load` hands to the constructor."""
        assert isinstance(init_settings, InitSettingsSource)
        return env_settings, init_settings

    @cached_property
    def _ignored(self) -> re.Pattern[str]:
        return re.compile(
            "|".join(fnmatch.translate(pattern) for pattern in self.ignored_names), re.IGNORECASE
        )

    def ignores(self, name: bytes) -> bool:
        """Whether a file of that name in `in/` is no deposit (SPEC 1)."""
        return self._ignored.match(os.fsdecode(name)) is not None


def load(path: Path | None) -> Settings:
    """Read the settings; a `path` that was asked for must exist, the default one may be missing.

    Raises ConfigurationError with every problem, one a line, each naming the file or variable and the key.
    """
    source = path or DEFAULT_PATH
    try:
        given: dict[str, Any] = tomllib.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if path is not None:
            raise ConfigurationError(f"{path}: there is no such file") from None
        given = {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{source}: {error}") from None
    try:
        return Settings(**given)
    except ValidationError as error:
        problems = [_problem(dict(each), source) for each in error.errors()]
        raise ConfigurationError("\n".join(problems)) from None
    except ValueError as error:  # an environment variable that should be JSON
        raise ConfigurationError(str(error)) from None


def _problem(error: dict[str, Any], source: Path) -> str:
    key = str(error["loc"][0]) if error["loc"] else ""
    variable = f"{PREFIX}{key.upper()}"
    where = variable if variable in {name.upper() for name in os.environ} else f"{source}: {key}"
    if error["type"] == "extra_forbidden":
        known = ", ".join(Settings.model_fields)
        return f"{where}: there is no such key; the keys are {known}"
    return f"{where}: {error['msg'][0].lower()}{error['msg'][1:]}"
