"""The page of headers that are recognised: `python -m tools.headers` writes docs/headers.md to stdout."""

from __future__ import annotations

import sys

from contactsync.domain.columns import ENGLISH, FRENCH
from contactsync.domain.headers.table import ANY_NUMBER, IDENTIFIERS, KNOWN, PREFIXES, SUFFIXES, TITLES

_INTRODUCTION = """\
# Headers of other programs

Exports of widely used programs import without editing: the following headers are read as the
columns of the protocol (protocol 2). The account setting `headers = protocol` turns this off. This
page is made from the program's own table (`make headers`).

Capitals, accents, spaces and `- _ . * :` do not matter. The protocol's own name of a column wins,
then the account's own headers (`contactsync account set NAME --header Portable=Mobile`), then the
order of this table, then the first column of the file. The other candidates are unknown columns. The
answer names each column that was read under another name (`mapped_headers`).
"""

_AFTER = """\
Numbers of any type: if the file has neither a column for mobiles nor one for fixed lines, each
number goes to the column of its type: mobile numbers, and numbers that may be of either type, to
Mobile, the others to Téléphone Fixe. The column that a row does not fill keeps its value. If the file
has a column for one of the two, all these numbers go to the other.

Of several candidates for Email, Mobile or Téléphone Fixe, one that is filled wins over one that is
blank. The first 1 MiB of the file decides, 50,000 rows at most.

## Prefixes and suffixes

Each of these headers, and each of the protocol's names but Référence, is also recognised with a
prefix or a suffix (`Mailing City`, `billing_phone`, `Rue (bureau)`, `Rue (bureau) 2`), after the
headers without:
"""

_DECIDED = """\
## Headers that are not taken

* {titles} may be a civility or a job. It is read as Civilité if at least half of its values that are
  not blank are civilities (M., Mme, Mr, Mrs, Herr, Frau, Sr., Sra., Sig. …). The first 1 MiB of the
  file decides, 50,000 rows at most.
* Identifiers of other programs are never read as Référence, because they do not show whose they
  are. The warning about the unknown column asks whether Référence was meant:
"""


def page() -> str:
    """The page in Markdown."""
    rows = [f"| {_column(key)} | {_listed(headers)} |" for key, headers in KNOWN.items()]
    parts = [
        _INTRODUCTION,
        "\n".join(["| column | headers |", "|---|---|", *rows]) + "\n",
        _AFTER,
        f"* before: {_listed(PREFIXES)}\n* after: {_listed(SUFFIXES)}\n",
        _DECIDED.format(titles=" or ".join(f"`{title}`" for title in TITLES)),
        f"  {_listed(IDENTIFIERS)}\n",
    ]
    return "\n".join(parts)


def _column(key: str) -> str:
    if key == ANY_NUMBER:
        return "`Mobile` or `Téléphone Fixe`, by the number"
    names = dict.fromkeys((FRENCH[key], ENGLISH[key]))
    return " / ".join(f"`{name}`" for name in names)


def _listed(headers: tuple[str, ...]) -> str:
    return ", ".join(f"`{header}`" for header in headers)


if __name__ == "__main__":
    sys.stdout.write(page())
