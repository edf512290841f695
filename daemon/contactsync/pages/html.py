"""Writes pages as HTML, with Jinja2 and autoescape: whatever a name contains is shown as text (protocol 10)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).with_name("templates")


def page(template: str, **shown: Any) -> bytes:
    """A page in UTF-8 from a template in TEMPLATES. Raises jinja2.UndefinedError for a name that is not shown."""
    return _environment().get_template(template).render(shown).encode("utf-8", "replace")


@cache
def _environment() -> Environment:
    # Imported with the first page: it takes 60 ms and 4 MB, and most hosts start without one.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
