"""A real LibreOffice that opens a CSV file and saves it again."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Literal

import pytest

from tests.acceptance.ftp import have

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT = 300

needs_libreoffice = pytest.mark.skipif(not have("soffice"), reason="LibreOffice is not installed")

# The tokens of LibreOffice's CSV filter: separator, quote, Windows-1252, first line, columns, French.
_FILTER = "Text - txt - csv (StarCalc):59,34,1,1,{columns},1036,false"
_TEXT = "/".join(f"{column}/2" for column in range(1, 65))


def opened_and_saved(content: bytes, folder: Path, columns: Literal["standard", "text"]) -> bytes:
    """What LibreOffice makes of a CSV file whose columns are opened as "Standard", its default, or as "Text"."""
    source = folder / "opened.csv"
    source.write_bytes(content)
    open_as = _FILTER.format(columns=_TEXT if columns == "text" else "")
    detects_numbers = "true" if columns == "standard" else "false"
    subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation=file://{folder}/profile",
            "--headless",
            f"--infilter={open_as},{detects_numbers}",
            "--convert-to",
            f"csv:{_FILTER.format(columns='')},true,false",
            "--outdir",
            folder / "saved",
            source,
        ],
        check=True,
        capture_output=True,
        timeout=TIMEOUT,
    )
    return (folder / "saved" / "opened.csv").read_bytes()
