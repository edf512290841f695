"""Settings: a TOML file, each key also an environment variable `CONTACTSYNC_<KEY>`, which wins (SPEC 7)."""

from __future__ import annotations

import fnmatch
import ipaddress
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from contactsync import config_words as words
from contactsync.errors import ConfigurationError
from contactsync.reporting import daily_name_problem

DEFAULT_PATH = Path("/etc/contactsync/contactsync.toml")
PREFIX = "CONTACTSYNC_"

LIVE = frozenset(
    {
        "settle_seconds",
        "grace_seconds",
        "rescan_seconds",
        "shutdown_seconds",
        "max_file_bytes",
        "max_inflated_bytes",
        "ignored_names",
        "result_files",
        "report_retention_days",
        "report_delay_seconds",
        "daily_zip_name",
        "defuse_formulas",
        "keep_settled_days",
        "keep_history_days",
    }
)
"""Keys that SIGHUP changes in a running daemon, from its next deposit on; the others need a restart."""

Seconds = Annotated[float, Field(ge=0, le=86_400)]


def _absolute(value: object) -> Path:
    text = str(value)
    if not text or "\0" in text:
        raise ValueError("must be the path of a folder or file, and not empty")
    return Path(os.path.abspath(text))


def _patterns(value: object) -> object:
    """A variable holds the list as JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('must be a list in JSON, such as ["*.part", "*.tmp"]') from None


def _no_pattern_for_all(value: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in value:
        if not pattern.strip("*"):
            raise ValueError(f"the pattern {pattern!r} would leave every upload where it is: take it out")
    return value


def _libpq(value: str) -> str:
    if problem := words.url_problem(value):
        raise ValueError(problem)
    return value


AbsolutePath = Annotated[Path, BeforeValidator(_absolute)]
DatabaseUrl = Annotated[str, AfterValidator(_libpq)]
Patterns = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(_patterns), AfterValidator(_no_pattern_for_all)
]


def _daily_name(value: str) -> str:
    if problem := daily_name_problem(value):
        raise ValueError(problem)
    return value


DailyName = Annotated[str, AfterValidator(_daily_name)]


def _ip_address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError("must be an IP address, such as 127.0.0.1, ::1 or 0.0.0.0") from None


IpAddress = Annotated[str, AfterValidator(_ip_address)]


class Settings(BaseSettings):
    """Every setting with its default; times are seconds, sizes bytes."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    ftp_root: AbsolutePath = Field(
        Path("/srv/ftp"), description="the folder that holds the accounts' FTP homes"
    )
    database_url: DatabaseUrl | None = Field(
        None, min_length=1, description="any libpq URL; absent: embedded PostgreSQL under data_dir"
    )
    database_password_file: AbsolutePath | None = Field(
        None, description="a file that holds the password for database_url, and nothing else"
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
    ignored_names: Patterns = Field(
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
        None, ge=1, le=65_535, description="port of /metrics and /healthz; absent: nothing is served"
    )
    metrics_address: IpAddress = Field("127.0.0.1", description="the host's own address to serve them on")
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
        return bool(self.ignored_names) and self._ignored.match(os.fsdecode(name)) is not None


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What a running daemon makes of new settings: those it goes on with, and the keys that have changed."""

    settings: Settings
    changed: tuple[str, ...]
    need_restart: tuple[str, ...]


def taken_over(old: Settings, new: Settings) -> Reloaded:
    """`new` with the keys that cannot change live as they were in `old`."""
    differing = [key for key in Settings.model_fields if getattr(new, key) != getattr(old, key)]
    kept = tuple(key for key in differing if key not in LIVE)
    settings = new.model_copy(update={key: getattr(old, key) for key in kept})
    return Reloaded(settings, tuple(key for key in differing if key in LIVE), kept)


def load(path: Path | None) -> Settings:
    """Read the settings; a `path` that was asked for must exist, the default one may be missing.

    Raises ConfigurationError with every problem, one a line, each naming the file or variable and the key.
    """
    return load_with_sources(path)[0]


def load_with_sources(path: Path | None) -> tuple[Settings, Mapping[str, str]]:
    """The settings as `load` reads them, and where each value came from."""
    source = path or DEFAULT_PATH
    in_file = _read(source, must_exist=path is not None)
    fields = Settings.model_fields
    variables = {name.upper(): name for name in os.environ}
    in_environment = {key: name for key in fields if (name := variables.get(f"{PREFIX}{key.upper()}"))}
    problems = {
        key: words.must_be(fields[key], value)
        for key, value in in_file.items()
        if key in fields and key not in in_environment and words.wrong_type(fields[key], value)
    }
    given = in_file | {key: os.environ[name] for key, name in in_environment.items()}
    settings = None
    while settings is None:  # a second time without what was wrong, for what does not go together
        try:
            settings = _from_here_alone({key: value for key, value in given.items() if key not in problems})
        except ValidationError as error:
            for each in error.errors():
                key = str(each["loc"][0])
                known = key in fields
                said = words.problem(each, fields[key]) if known else words.no_such_key(key, list(fields))
                problems.setdefault(key, said)
    for key, said in _at_odds(settings, given.keys() - problems.keys()):
        problems.setdefault(key, said)
    if problems:
        order = [*fields, *problems]
        lines = [
            f"{in_environment.get(key) or f'{source}: {key}'}: {problems[key]}"
            for key in sorted(problems, key=order.index)
        ]
        raise ConfigurationError("\n".join(lines))
    return settings, {
        key: in_environment.get(key) or (str(source) if key in in_file else "default") for key in fields
    }


def _from_here_alone(given: Mapping[str, Any]) -> Settings:
    """Settings of these values, whatever the environment says."""
    return Settings(_env_prefix=f"{PREFIX}\0", **given)  # type: ignore[call-arg]  # pydantic-settings takes it


def _read(source: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if must_exist:
            raise ConfigurationError(f"{source}: there is no such file") from None
        return {}
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f'{source}: not TOML: {error}; a line is `key = "text"` or `key = 5`'
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{source}: not UTF-8 at byte {error.start}: save it as UTF-8") from None
    except OSError as error:
        raise ConfigurationError(f"{source}: {error.strerror}") from None


def _at_odds(settings: Settings, said: AbstractSet[str]) -> Iterator[tuple[str, str]]:
    """Keys whose values do not go together, with the sentence; `said` are those that somebody has set."""
    settle, grace = settings.settle_seconds, settings.grace_seconds
    if {
        "settle_seconds",
        "grace_seconds",
    } <= said and 0 < grace < settle:  # 0 is no wait besides settle_seconds
        sentence = "must not be below settle_seconds: what does not look whole waits longer than what does"
        yield "grace_seconds", f"{sentence} ({grace:g} and {settle:g})"
    if settings.data_dir == settings.ftp_root or settings.ftp_root in settings.data_dir.parents:
        sentence = "where FTP accounts may come: name a folder elsewhere, such as /var/lib/contactsync"
        yield "data_dir", f"must not lie in ftp_root ({settings.ftp_root}), {sentence}"
