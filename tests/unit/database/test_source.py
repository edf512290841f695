"""Where the database's password comes from: systemd's credential, or else a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from contactsync.database.location import Location, parameters
from contactsync.database.source import database
from contactsync.domain.errors import ConfigurationError, DatabaseRefuses

URL = "postgresql://contactsync@db1,db2/contacts"


@pytest.fixture(autouse=True)
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the service's credentials, still empty."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    return folder


def password(file: Path | None, url: str = URL) -> str | None:
    """The password that connections use."""
    with database(url, file, Path("unused")) as (found, server):
        assert server is None
        parts = parameters(found)
    assert parts["host"] == "db1,db2"
    return None if parts.get("password") is None else str(parts["password"])


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    # systemd's mode for credentials, which libpq's passfile would refuse.
    path.chmod(0o440)
    return path


def test_the_credential_is_the_password(credentials: Path) -> None:
    """It needs no setting. A final line break is not part of it; spaces and quotes are."""
    written(credentials / "database_password", " it's é\\\n")
    assert password(None) == " it's é\\"


def test_without_a_credential_the_file_is_read(tmp_path: Path) -> None:
    assert password(written(tmp_path / "password", "secret")) == "secret"


def test_the_credential_wins_over_the_file(credentials: Path) -> None:
    """So one configuration works for root's commands and for a service that cannot read root's file."""
    written(credentials / "database_password", "loaded")
    assert password(Path("/nowhere")) == "loaded"


def test_without_either_libpq_decides() -> None:
    assert password(None) is None


@pytest.mark.parametrize("text", ["", "\n", "two\nlines\n"])
def test_a_file_without_one_password_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match="database_password_file: write the password to that file"):
        password(written(tmp_path / "password", text))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """The message names the key, but not its value (protocol 7)."""
    with pytest.raises(ConfigurationError, match="cannot be read: No such file") as raised:
        password(tmp_path / "geheim")
    assert str(raised.value).startswith("database_password_file: ")
    assert "geheim" not in str(raised.value)


def test_two_passwords_are_refused(tmp_path: Path) -> None:
    """The message shows neither."""
    with pytest.raises(ConfigurationError, match="remove it from database_url") as raised:
        password(written(tmp_path / "password", "one"), "postgresql://contactsync:another@db1,db2/contacts")
    assert "another" not in str(raised.value)


def test_the_file_is_read_again_for_each_connection(tmp_path: Path) -> None:
    """A password that is rotated needs no restart; a file that is missing meanwhile is waited for."""
    file = written(tmp_path / "password", "old")
    location = Location(URL, file)
    assert parameters(location)["password"] == "old"
    file.unlink()
    with pytest.raises(DatabaseRefuses, match="cannot be read"):
        parameters(location)
    written(file, "new")
    assert parameters(location)["password"] == "new"
