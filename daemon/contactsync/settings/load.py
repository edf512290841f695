"""Reads the settings: a TOML file, each key also an environment variable `CONTACTSYNC_<KEY>`, which wins (protocol 7)."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from contactsync.domain.errors import ConfigurationError
from contactsync.settings import problems as words
from contactsync.settings.settings import PREFIX, Settings

DEFAULT_PATH = Path("/etc/contactsync/contactsync.toml")


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
