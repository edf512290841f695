"""Reads the settings: a TOML file and environment variables `CONTACTSYNC_<KEY>`, which win (protocol 7)."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from contactsync.domain.errors import ConfigurationError
from contactsync.settings import problems
from contactsync.settings.settings import PREFIX, Settings

DEFAULT_PATH = Path("/etc/contactsync/contactsync.toml")

_OF_TESTS = f"{PREFIX}TEST_"

# Python's parser quotes characters and keys of the file in quotation marks, and keys as tuples.
_QUOTED = re.compile(r"['\"(]")


def load(path: Path | None) -> Settings:
    """Read the settings. A `path` that is given must exist; the default file may be missing.

    Raises ConfigurationError with every problem, one per line, each naming the file or variable and
    the key.
    """
    return load_with_sources(path)[0]


def load_with_sources(path: Path | None) -> tuple[Settings, Mapping[str, str]]:
    """The settings as `load` reads them, and per key its source: a variable, the file or "default"."""
    source = path or DEFAULT_PATH
    in_file = _read(source, must_exist=path is not None)
    fields = Settings.model_fields
    variables = {name.upper(): name for name in os.environ}
    in_environment = {key: name for key in fields if (name := variables.get(f"{PREFIX}{key.upper()}"))}
    wrong = {
        key: problems.must_be(fields[key], value)
        for key, value in in_file.items()
        if key in fields and key not in in_environment and problems.wrong_type(fields[key], value)
    }
    # pydantic-settings takes DATABASE_URL for database_url, and would report the same error again and again.
    wrong |= {key: problems.no_such_key(key, list(fields)) for key in in_file if key not in fields}
    given = in_file | {key: os.environ[name] for key, name in in_environment.items()}
    settings = None
    # If validation fails, validate again without the invalid keys, to find conflicts between the rest.
    while settings is None:
        try:
            settings = _from_values({key: value for key, value in given.items() if key not in wrong})
        except ValidationError as error:
            for each in error.errors():
                key = str(each["loc"][0])
                wrong.setdefault(key, _message(each, key))
    for key, message in _conflicts(settings, given.keys() - wrong.keys()):
        wrong.setdefault(key, message)
    if wrong:
        order = [*fields, *wrong]
        lines = [
            f"{in_environment.get(key) or f'{source}: {key}'}: {wrong[key]}"
            for key in sorted(wrong, key=order.index)
        ]
        raise ConfigurationError("\n".join(lines))
    return settings, {
        key: in_environment.get(key) or (str(source) if key in in_file else "default") for key in fields
    }


def unknown_variables() -> list[str]:
    """A sentence for each environment variable that is named like a setting and is none; no value is shown."""
    fields = list(Settings.model_fields)
    named = (name for name in sorted(os.environ) if name.upper().startswith(PREFIX))
    return [
        f"{name}: {problems.no_such_variable(name[len(PREFIX) :], fields, PREFIX)}"
        for name in named
        if name[len(PREFIX) :].lower() not in fields and not name.startswith(_OF_TESTS)
    ]


def _from_values(given: Mapping[str, Any]) -> Settings:
    """Settings with these values only: the odd prefix hides the environment from pydantic-settings."""
    return Settings(_env_prefix=f"{PREFIX}\0", **given)  # type: ignore[call-arg]  # pydantic-settings takes it


def _message(error: Mapping[str, Any], key: str) -> str:
    fields = Settings.model_fields
    return problems.problem(error, fields[key]) if key in fields else problems.no_such_key(key, list(fields))


def _read(source: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if must_exist:
            raise ConfigurationError(f"{source}: there is no such file") from None
        return {}
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{source}: not UTF-8 at byte {error.start}: save it as UTF-8") from None
    # The parser has no errors of its own for a number of 5,000 digits and for arrays nested 1,000 deep.
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            f'{source}: not TOML: {_syntax_error(error)}; a line is `key = "text"` or `key = 5`'
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{source}: {error.strerror}") from None


def _syntax_error(error: Exception) -> str:
    """What is wrong with the file, and where, without quoting it: the quoted part may be a password."""
    reason, at, place = str(error).rpartition(" (at ")
    if not (isinstance(error, tomllib.TOMLDecodeError) and at):
        return "a value is too long or nested too deeply"
    return f"{'Invalid syntax' if _QUOTED.search(reason) else reason}{at}{place}"


def _conflicts(settings: Settings, given: AbstractSet[str]) -> Iterator[tuple[str, str]]:
    """Keys whose values conflict, with the message; `given` are the keys that are not defaults."""
    settle, grace = settings.settle_seconds, settings.grace_seconds
    # grace_seconds = 0 is valid: it adds no wait to settle_seconds.
    if {"settle_seconds", "grace_seconds"} <= given and 0 < grace < settle:
        reason = "an incomplete upload must wait at least as long as a complete one"
        yield "grace_seconds", f"must not be below settle_seconds ({grace:g} and {settle:g}): {reason}"
    if settings.data_dir == settings.ftp_root or settings.ftp_root in settings.data_dir.parents:
        reason = "FTP accounts could reach it there; choose a folder elsewhere, such as /var/lib/contactsync"
        yield "data_dir", f"must not be inside ftp_root ({settings.ftp_root}): {reason}"
    socket = settings.metrics_socket
    if socket is not None and settings.ftp_root in socket.parents:
        yield (
            "metrics_socket",
            f"must not be inside ftp_root ({settings.ftp_root}): FTP accounts could replace it",
        )
    yield from _retention_conflicts(settings)


def _retention_conflicts(settings: Settings) -> Iterator[tuple[str, str]]:
    """Retention that would remove what another setting still needs."""
    reactions, idle = settings.keep_reactions_days, settings.keep_contacts_idle_days
    # A report is compared with its reactions as long as it is kept, and a day may last 25 hours.
    needed = settings.report_retention_days + 2
    if 0 < reactions < needed:
        reason = "the reports of those days would be published again without the reactions"
        yield "keep_reactions_days", f"must be 0 or at least report_retention_days + 2 ({needed}): {reason}"
    if 0 < settings.keep_history_days < settings.undo_days:
        reason = "only a deposit in the ledger can be undone"
        yield "keep_history_days", f"must be 0 or at least undo_days ({settings.undo_days}): {reason}"
    for key, kept in (("keep_history_days", settings.keep_history_days), ("keep_reactions_days", reactions)):
        if idle and 0 < kept < idle:
            reason = "that is what shows whether a contact is idle"
            yield "keep_contacts_idle_days", f"must not be above {key} ({idle} and {kept}): {reason}"
