"""The rejected file is read again as what was uploaded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contactsync.domain.headers.match import match_header
from contactsync.domain.headers.names import HeaderRules
from contactsync.reading.guards import unguard_column
from contactsync.reading.reader import Reader, cell_text
from tests.unit.processing.rejects import rejected


def values(data: bytes) -> list[dict[str, str | None]]:
    """What an import reads from the rows of a CSV, by column."""
    rows = list[dict[str, str | None]]()
    for batch in Reader([data], ";", HeaderRules()):
        columns = {
            key: unguard_column(key, batch.table.columns[key]).to_pylist()
            for key in ("reference", "phone", "city")
        }
        rows += [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return rows


CELL = st.text("'\"=+-@\t\r\n\uff1d\uff0b\uff0d\uff20 0aé;", max_size=5).map(
    lambda text: '"' + text.replace('"', '""') + '"'
)


@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=4), st.booleans())
def test_a_rejected_row_is_read_again_as_it_was(rows: list[tuple[str, str, str]], defuse: bool) -> None:
    """Whatever its cells begin with: the importer removes exactly what the rejected file adds."""
    # The last column is not blank, so no row is ignored.
    lines = [";".join([*cells, "x"]) for cells in rows]
    data = "\n".join(["Reference;Phone;Ville;Nom", *lines, ""]).encode()
    (batch,) = Reader([data], ";", HeaderRules())
    codes = {batch.line(int(place)): "invalid_email" for place in batch.table.places}
    assert len(codes) == len(rows)
    assert values(rejected(data, codes, defuse=defuse)) == values(data)


FIELD = st.text('ab"\n é\r', max_size=5)


def _quoted(cell: str) -> str:
    return f'"{cell.replace(chr(34), chr(34) * 2)}"'


@given(
    st.lists(
        st.sampled_from(["Email", "Nom", "Référence", "Ville", "Shoe", ""]),
        min_size=1,
        max_size=5,
        unique=True,
    ),
    st.lists(st.lists(FIELD, min_size=1, max_size=6), min_size=1, max_size=4),
    st.sampled_from([";", ","]),
    st.integers(1, 3),
)
def test_a_rejected_file_can_be_read_again(
    header: list[str], table: list[list[str]], separator: str, rounds: int
) -> None:
    """The same known columns and the same cells under named ones, through any number of rounds."""
    if not {"Email", "Nom", "Référence", "Ville"} & set(header):
        header = ["Email", *header]
    named = max(place for place, name in enumerate(header, 1) if name)
    rows = [separator.join(map(_quoted, (row + [""] * len(header))[: len(header)])) for row in table]
    data = "\n".join([separator.join(header), *rows, ""]).encode()

    def read(text: bytes) -> tuple[dict[str, int], list[list[str]]]:
        reader = Reader([text], separator, HeaderRules())
        return dict(reader.header.positions), [
            [cell_text(field) for field in batch.rows.fields(int(place))][:named]
            for batch in reader
            for place in batch.table.places
        ]

    positions, cells = read(data)
    for _ in range(rounds):
        reader = Reader([data], separator, HeaderRules())
        lines = {batch.line(int(p)): "missing_email" for batch in reader for p in batch.table.places}
        if not lines:
            return
        data = rejected(data, lines, separator=separator)
    again = Reader([data], separator, HeaderRules()).header
    assert read(data) == (positions, cells)
    assert again.result_columns
    assert again.width == named + 2
    assert again.unknown == match_header(header, HeaderRules()).unknown
