"""Ways to break a file, and ways to zip one. The model decides whether the result is refused."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

IN_CELLS = (
    "surplus field", "short row", "unterminated quote", "text after quote", "column twice", "column missing",
    "nothing known", "no valid row", "wrong separator", "cell too long", "too many columns", "header only",
)  # fmt: skip
WHOLE_FILE = (
    "NUL", "UTF-16", "invalid under BOM", "empty", "blank only", "zip of two", "zip encrypted", "zip damaged",
    "zip truncated", "zip in zip", "zip of nothing", "workbook", "zip in ASCII mode",
)  # fmt: skip


def break_cells(
    rng: Random, grid: list[list[str]], separator: str, width: int, *, ragged: bool = False
) -> str:
    """Breaks written fields in place (header first) and names what it did; `ragged` makes only ragged rows."""
    kind = rng.choice(IN_CELLS[:2] if ragged else IN_CELLS)
    row = rng.choice(grid[1:])
    header = grid[0]
    if kind == "surplus field":
        row += [""] * (width - len(row)) + [rng.choice(("x", '"x"', " 7 "))]
    elif kind == "short row":
        named = [i for i, name in enumerate(header) if name.strip(' "')]
        row[0] = row[0] if row[0].strip(' "') else "x"
        del row[max(1, rng.randint(1, max(1, named[-1]))) :]
    elif kind == "unterminated quote":
        grid[-1][-1] = '"left open' + rng.choice(("", "\n", '""'))
    elif kind == "text after quote":
        row[rng.randrange(len(row))] = rng.choice(('"a"b', '"a" b', '"a" "b"', ' "a"x"'))
    elif kind == "column twice":
        for each in grid:
            each.insert(0, each[-1] if each is not header else "Email")
        header[rng.randrange(len(header))] = "E M A I L"
    elif kind == "column missing":
        header[rng.randrange(len(header))] = "Inconnu"
    elif kind == "nothing known":
        header[:] = [f"Colonne {n}" for n in range(len(header))]
    elif kind == "no valid row":
        for each in grid[1:]:
            each[:] = ["nope"] * width
    elif kind == "wrong separator":
        grid[:] = [[("," if separator == ";" else ";").join(each)] for each in grid]
    elif kind == "cell too long":
        row[rng.randrange(len(row))] = rng.choice(("z" * 32_769, "z" * 40_000))
    elif kind == "too many columns":
        header += ["x"] * (257 - len(header))
    else:
        del grid[1:]
    return kind


def break_bytes(rng: Random, content: bytes, kind: str) -> bytes:
    """The deposit that a mishap of this kind makes of a CSV."""
    cut = rng.randrange(len(content) + 1)
    if kind == "NUL":
        return content[:cut] + b"\0" + content[cut:]
    if kind == "UTF-16":
        return content.decode("latin-1").encode("utf-16")
    if kind == "invalid under BOM":
        end = rng.choice((b"\xff\n", b"\xc3\n", b"x\xed\xa0\x80"))
        return b"\xef\xbb\xbf" + content.removeprefix(b"\xef\xbb\xbf") + end
    if kind in ("empty", "blank only"):
        return b"" if kind == "empty" else rng.choice((b"\n", b" \r\n\n", b";;\n", b"\xef\xbb\xbf", b"\t"))
    if kind == "zip of two":
        return zipped([("a.csv", content), ("b.csv", content)])
    if kind == "zip of nothing":
        return zipped([("__MACOSX/a.csv", b"x"), ("dir/", b"")][: rng.randrange(3)])
    if kind == "workbook":
        return zipped([("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>")])
    if kind == "zip in zip":
        return zipped([("a.zip", zipped([("a.csv", content)]))])
    whole = bytearray(zipped([("a.csv", content)], zipfile.ZIP_STORED))
    if kind == "zip encrypted":
        whole[6] |= 1
        whole[whole.index(b"PK\x01\x02", 30) + 8] |= 1
    elif kind == "zip damaged":
        whole[30 + len("a.csv") + rng.randrange(len(content))] ^= 0x55
    elif kind == "zip truncated":
        del whole[rng.randint(4, len(whole) - 1) :]
    else:
        # Every LF became CRLF.
        return zipped([("a.csv", content + b"\n" * 9)], zipfile.ZIP_STORED).replace(b"\n", b"\r\n")
    return bytes(whole)


def turn_corner(rng: Random, name: bytes, content: bytes) -> tuple[str, bytes, bytes]:
    """What was done, the name and the content, where the protocol leaves a choice."""
    kind = rng.choice(("blank lines first", "BOM first", "two stamps", "white space and quote", "U+001C"))
    plain = not content.startswith((b"PK", b"\xef\xbb\xbf"))
    if kind == "blank lines first" and plain:
        content = rng.choice((b"\n", b" \r\n\n", b";;\n", b'""\n')) + content
    elif kind == "BOM first" and plain:
        content = b"\xef\xbb\xbf" + content
    elif kind == "two stamps":
        name = b"1447797847_1447797000_" + name[:200]
    elif kind == "white space and quote":
        content = content.replace(b'"', rng.choice((b'\t"', b'\x0b"')), 1)
    else:
        content = content.replace(b"\n", b"\x1c\n", 2)
    return kind, name, content


def pack(rng: Random, content: bytes) -> bytes:
    """A good zip of the CSV, with the other members that clients add."""
    members = [(rng.choice(("a.csv", "dir/liste été.csv", "../../etc/x.csv", "noext", "a.xlsx")), content)]
    if rng.random() < 0.3:
        members.append(("__MACOSX/._a.csv", b"\0\1junk"))
    if rng.random() < 0.3:
        members.insert(0, (rng.choice((".DS_Store", "dir/.DS_Store", "dir/")), b""))
    return zipped(members, rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


def pack_as_other_tools(rng: Random, content: bytes) -> tuple[str, bytes]:
    """A zip as other tools write it: its kind and its bytes. Only the last kind is refused."""
    kind = rng.choice(("PK00", "PK78", "foreign bytes", "members", "folder", "streamed", "zip64", "method"))
    if kind == "method":
        return kind, zipped([("a.csv", content)], rng.choice((zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)))
    if kind == "members":
        extra = rng.sample(("._a.csv", "dir/._a.csv", "Thumbs.db", "dir/desktop.ini", "dir/Thumbs.db"), 2)
        return kind, zipped([("a.csv", content), *((name, b"\0\1junk") for name in extra)])
    if kind == "folder":
        return kind, zipped([("export\\", b""), ("export\\a.csv", content)])
    if kind in ("streamed", "zip64"):
        return kind, _streamed(content, zip64=kind == "zip64")
    before = {"PK00": b"PK00", "PK78": b"PK\x07\x08"}.get(kind)
    foreign = (b"\xef\xbb\xbf", b"HTTP/1.1 200 OK\r\n\r\n", b"<html>\n")
    return kind, (before or rng.choice(foreign)) + zipped([("a.csv", content)])


class _Pipe(io.RawIOBase):
    """A sink that cannot seek, as a pipe to Info-ZIP's `zip -`."""

    def __init__(self) -> None:
        self.content = bytearray()

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def write(self, data: bytes) -> int:  # type: ignore[override]  # zipfile writes bytes only
        self.content += data
        return len(data)


def _streamed(content: bytes, *, zip64: bool) -> bytes:
    """A zip whose sizes follow the data, in fields of 64 bits if asked for."""
    pipe = _Pipe()
    info = zipfile.ZipInfo("-", (2020, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(pipe, "w") as archive, archive.open(info, "w", force_zip64=zip64) as member:
        member.write(content)
    return bytes(pipe.content)


def zipped(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these members, dated so that a seed always gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            info.compress_type = method
            archive.writestr(info, data)
    return out.getvalue()
