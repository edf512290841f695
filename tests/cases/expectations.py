"""The expectations of `csv/EXPECT.tsv` and `exports/SHAPES.json`, for the model and for the daemon."""

from __future__ import annotations

import csv
import json
import re
import runpy
import shlex
import shutil
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cases.details import DETAILS, Detail
from tests.model.phones import read_phone
from tests.model.values import AccountRules

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent
OPTIONS = {"--dedup": "dedup", "--separator": "separator", "--region": "region"}


@dataclass(frozen=True)
class Upload:
    """One file to upload: where it is kept, and the name under which it is uploaded."""

    path: Path
    name: str

    def content(self, scratch: Path) -> bytes:
        """The bytes; a file too large to be kept is made in the folder `scratch`."""
        if not self.path.name.endswith(".make.py"):
            return self.path.read_bytes()
        maker = Path(shutil.copy(self.path, scratch))
        runpy.run_path(str(maker))
        return maker.with_name(self.path.name.replace(".make.py", ".csv")).read_bytes()


@dataclass(frozen=True)
class Case:
    """One file with what is expected of it.

    `options` are the options of `contactsync account add`; `rules` are the same as the model takes
    them. `before` is imported first, without a marker. `detail` adds the reason, the stored values
    and the warnings, as far as the protocol determines them.
    """

    id: str
    options: tuple[str, ...]
    rules: AccountRules
    action: str
    upload: Upload
    before: Upload | None
    marker: str | None
    state: str
    rows_applied: int
    rows_rejected: int
    remark: str
    detail: Detail = field(default_factory=Detail)


def csv_cases() -> Iterator[Case]:
    """The cases of `csv/`, in the order of EXPECT.tsv."""
    with (FOLDER / "csv" / "EXPECT.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield _case(row)


def _case(row: dict[str, str]) -> Case:
    name, remark = row["id"], row["what is right"]
    detail = DETAILS.get(name, Detail())
    options = tuple(shlex.split(row["account options"]))
    settings = {OPTIONS[key]: value for key, value in zip(options[::2], options[1::2], strict=True)}
    # EXPECT.tsv writes its instructions in prose: "import X first as N", "put M", "upload as N".
    first = re.search(r"import (\S+) first(?: as ([^\s;|]+))?", remark)
    marker = re.search(r"put (\.\w+)", remark)
    upload_as = re.search(r"upload as (.+?)(?: \||  | \(list|$)", remark)
    path = next(p for p in _files() if p.name.split(".")[0] == name and ".pre." not in p.name)
    own_name = path.name.replace(".make.py", ".csv")
    applied, rejected = int(row["rows_applied"]), int(row["rows_rejected"])
    if detail.counts:
        applied, rejected = detail.counts
    return Case(
        id=name,
        options=options,
        rules=AccountRules(name, **settings),  # type: ignore[arg-type]  # OPTIONS has no option for a mapping
        action=row["action"],
        upload=Upload(path, upload_as[1] if upload_as else own_name),
        before=Upload(FOLDER / "csv" / first[1], first[2] or first[1]) if first else None,
        marker=marker[1] if marker else None,
        state=detail.state or row["state"],
        rows_applied=applied,
        rows_rejected=rejected,
        remark=remark,
        detail=detail,
    )


@cache
def _files() -> tuple[Path, ...]:
    return tuple(sorted(p for p in (FOLDER / "csv").iterdir() if p.name != "EXPECT.tsv"))


@dataclass(frozen=True)
class Export:
    """A sample in the shape of a program's export.

    `columns` maps the headers of the file to the columns of a contact that they mean.
    """

    id: str
    program: str
    path: Path
    separator: str
    encoding: str
    columns: dict[str, str]

    def people(self) -> list[tuple[str | None, frozenset[str]]]:
        """Email and numbers of each person that the file can reach, in order; numbers in E.164."""
        rules = AccountRules(self.id)
        found = []
        with self.path.open(encoding=self.encoding, newline="") as lines:
            rows = csv.reader(lines, delimiter=self.separator)
            header = next(rows)
            for row in rows:
                cells = {
                    column: row[header.index(name)].lstrip("'").split(" ::: ")[0]
                    for name, column in self.columns.items()
                }
                numbers = {read_phone(cells[c], rules) for c in ("phone", "mobile") if cells.get(c)}
                person = cells.get("email") or None, frozenset(n for n in numbers if n)
                if any(person):
                    found.append(person)
        return found


def exports() -> Iterator[Export]:
    """The samples of `exports/`; an account that only sets `separator = auto` imports each of them."""
    shapes = json.loads((FOLDER / "exports" / "SHAPES.json").read_text(encoding="utf-8"))
    for name, shape in shapes.items():
        path = FOLDER / "exports" / f"{name}.csv"
        yield Export(name, shape["program"], path, shape["separator"], shape["encoding"], shape["columns"])
