"""The warning about columns that are not used, put together from what is known of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from contactsync.domain.messages.sentence import Context, sentence
from contactsync.domain.messages.warnings_reading import READING_WARNINGS

MAX_SUGGESTIONS = 3


def unknown_columns(
    context: Context,
    names: Sequence[str],
    *,
    suggested: Sequence[tuple[str, str]] = (),
    unnamed: Sequence[int] = (),
    refused: bool = False,
) -> str:
    """The sentences of `unknown_column`.

    `names` are headers as the file writes them, `suggested` headers with the column that they may mean, `unnamed` the
    positions, from 1, of columns whose header looks like personal data and is not shown. `refused`: so is the file.
    """
    details: list[dict[str, object]] = []
    if unnamed:
        details.append({"variant": "unnamed", "count": len(unnamed), "positions": list(unnamed)})
    for header, column in suggested[:MAX_SUGGESTIONS]:
        details.append({"variant": "suggestion", "header": header, "column": column})
    plain = [*names, *(header for header, _ in suggested[MAX_SUGGESTIONS:])]
    if plain:
        details.append({"count": len(plain), "names": plain, "variant": "refused" if refused else ""})
    return " ".join(sentence(READING_WARNINGS, "unknown_column", context, each) for each in details)
