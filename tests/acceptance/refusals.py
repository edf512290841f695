"""The table of deposits that are refused as a whole, with the reason and the fix that their uploader sees."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zipfile import ZIP_BZIP2, ZIP_LZMA

from tests.acceptance import hostile
from tests.acceptance.hostile import (
    CANARY,
    CELL,
    GOOD,
    MIB,
    ROW,
    made,
    packed,
    raw,
    sparse,
    symlink,
    text,
    zipped,
)
from tests.acceptance.tables import HEADER

if TYPE_CHECKING:
    from tests.acceptance.hostile import Put

BAD_ROW = f"R2;{CANARY};sans-arobase;"


@dataclass(frozen=True)
class Refusal:
    """A deposit of which nothing is applied. `fix` is a word that its message must contain."""

    name: str
    put: Put
    reason: str
    fix: str
    action: str = "import"
    dedup: str = "reference"


def _without(*columns: str) -> Put:
    return text(f"x;{CANARY}", header=";".join(columns))


REFUSALS = [
    Refusal("empty", raw(b""), "empty_file", "déposez-le de nouveau"),
    Refusal("blank lines", raw(b"\n \r\n\n"), "empty_file", "déposez-le de nouveau"),
    Refusal("header only", text(), "no_rows", "exportez"),
    Refusal("header and blank rows", text(";;;", "", " ; "), "no_rows", "exportez"),
    Refusal("no valid row", text(BAD_ROW), "no_valid_row", "corrigez-la dans votre fichier"),
    Refusal("commas", raw(GOOD.replace(b";", b",")), "wrong_separator", "point-virgule"),
    Refusal("tabs", raw(GOOD.replace(b";", b"\t")), "wrong_separator", "point-virgule"),
    Refusal("no known column", text("a;b", header="foo;bar"), "no_known_column", "nommer les colonnes"),
    Refusal("no header", raw(ROW.encode()), "no_known_column", "nommer les colonnes"),
    Refusal("doubled column", text(header="Référence;Email;EMAIL"), "duplicate_column", "n'en gardez qu'une"),
    Refusal("doubled in English", text(header="Référence;Email;Last name;nom"), "duplicate_column", "Nom"),
    Refusal("MacRoman", raw(GOOD.decode("latin-1").encode("mac_roman")), "wrong_encoding", "Macintosh"),
    Refusal("CP850", raw(GOOD.decode("latin-1").encode("cp850")), "wrong_encoding", "MS-DOS"),
    Refusal(
        "UTF-8 twice",
        raw(GOOD.decode("latin-1").encode().decode("latin-1").encode()),
        "wrong_encoding",
        "UTF-8",
    ),
    Refusal(
        "accents lost", raw(GOOD.decode("latin-1").encode("ascii", "replace")), "wrong_encoding", "R?f?rence"
    ),
    Refusal("EBCDIC", raw(GOOD.decode("latin-1").encode("cp500")), "wrong_encoding", "de nouveau en UTF-8"),
    Refusal(
        "all lines in quotes", raw(b'"Reference;Email"\n"R1;a@example.com"\n'), "quoted_lines", "Convertir"
    ),
    Refusal("one line in quotes", raw(GOOD + b'"R2;a;b@example.com;"\n'), "quoted_lines", "retirez-les"),
    Refusal(
        "apostrophes", raw(b"'Reference';'Email'\n'R1';'a@example.com'\n"), "wrong_quotes", "apostrophes"
    ),
    Refusal(
        "cells in quotes with commas",
        raw(b'"Reference","Email"\n"R1","a@example.com"\n'),
        "wrong_separator",
        "virgules",
    ),
    Refusal(
        "rows with commas", raw(b"Reference;Nom;Email\nR1,a,a@example.com\n"), "mixed_separators", "partout"
    ),
    Refusal(
        "one row with commas", raw(GOOD + b"R2,a,b@example.com,\n"), "mixed_separators", "séparez-les aussi"
    ),
    Refusal(
        "empty cells left out",
        raw(b"Reference;Email;Nom\nR1;a@example.com\n"),
        "missing_empty_cells",
        "toujours remplie",
    ),
    Refusal(
        "footer", raw(GOOD + b"Total : 1\n"), "too_few_fields", "supprimez-la si ce n'est pas un contact"
    ),
    Refusal("title above", raw(b"Export\n\n" + GOOD), "no_known_column", "à la ligne 3"),
    Refusal("no header line", raw(b"R1;a;a@example.com\n"), "no_known_column", "ajoutez au-dessus"),
    Refusal("HTML", raw(b"<html><table><tr><td>Email</td></tr></table></html>\n"), "not_csv", "page web"),
    Refusal(
        "XML spreadsheet",
        raw(b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'),
        "not_csv",
        "feuille de calcul XML",
    ),
    Refusal("JSON", raw(b'[{"Email": "a@example.com"}]\n'), "not_csv", "JSON"),
    Refusal("vCard", raw(b"BEGIN:VCARD\nEMAIL:a@example.com\nEND:VCARD\n"), "not_csv", "vCard"),
    Refusal(
        "unknown headers",
        raw(b"ID;Pointure;Email\nR1;40;a@example.com\n"),
        "missing_column",
        "« ID » n'est pas reconnue : s'agit-il de Référence ?",
    ),
    Refusal("no means column", _without("Référence", "Nom"), "missing_column", "Email"),
    Refusal("no reference column", _without("Nom", "Email"), "missing_column", "Référence"),
    Refusal("no mobile to opt out", _without("Référence", "Email"), "missing_column", "Mobile", "optoutSMS"),
    Refusal("no phone to opt in", _without("Référence", "Mobile"), "missing_column", "Fixe", "optinVOICE"),
    Refusal("no reference to delete", _without("Nom", "Email"), "missing_column", "Référence", "delete"),
    Refusal(
        "no means to delete", _without("Référence", "Nom"), "missing_column", "Email", "delete", "triplet"
    ),
    Refusal("delete without criterion", raw(GOOD), "no_criterion", "critère", "delete", "none"),
    Refusal("row too long", raw(GOOD + b"R2;a;b@example.com;;x\n"), "too_many_fields", "guillemets"),
    Refusal("row too short", raw(GOOD + b"R2;a\n"), "too_few_fields", "complétez"),
    Refusal(
        "unterminated quote",
        raw(GOOD + b'R2;"a;b@example.com;\n'),
        "unterminated_quote",
        "ajoutez le guillemet fermant",
    ),
    Refusal("text after quote", raw(GOOD + b'R2;"a"b;c@example.com;\n'), "text_after_quote", "doublez"),
    Refusal("NUL", raw(GOOD + b"R2;a\0;b@example.com;\n"), "nul_byte", "mode binaire"),
    Refusal(
        "UTF-16", raw(codecs.BOM_UTF16_LE + GOOD.decode("latin-1").encode("utf-16-le")), "utf16", "UTF-8"
    ),
    Refusal("UTF-16 without mark", raw(GOOD.decode("latin-1").encode("utf-16-be")), "utf16", "UTF-8"),
    Refusal(
        "broken UTF-8", raw(codecs.BOM_UTF8 + GOOD + b"R2;\xe9;b@example.com;\n"), "invalid_utf8", "UTF-8"
    ),
    Refusal("xlsx", made(hostile.workbook), "workbook", "CSV"),
    Refusal("xls", raw(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(4096)), "workbook", "CSV"),
    Refusal("zipped xlsx", made(lambda: packed(("a.xlsx", hostile.workbook()))), "workbook", "CSV"),
    Refusal("gzip", raw(b"\x1f\x8b\x08\0" + bytes(60)), "not_csv", "zip"),
    Refusal("docx", made(hostile.document), "not_csv", "document Word"),
    Refusal("program", raw(b"MZ\x90\0" + bytes(60)), "not_csv", "programme"),
    Refusal("PDF", raw(b"%PDF-1.7\n" + bytes(60)), "not_csv", "CSV"),
    Refusal("257 columns", text(header=HEADER.strip() + ";" * 253 + "x"), "too_many_columns", "colonnes"),
    Refusal("5 million columns", made(lambda: b"a;" * 5_000_000), "too_many_columns", "colonnes"),
    Refusal("cell too long", text(f"R1;{CELL}x;a@example.com;"), "cell_too_long", "raccourcissez"),
    Refusal("line too long", raw(GOOD + b"y" * (MIB + 1)), "line_too_long", "un contact par ligne"),
    Refusal("over 20 MiB", sparse(20 * MIB + 1), "file_too_large", "zip"),
    Refusal(
        "bzip2 in a zip", made(lambda: packed(("a.csv", GOOD), method=ZIP_BZIP2)), "zip_method", "Deflate"
    ),
    Refusal("LZMA in a zip", made(lambda: packed(("a.csv", GOOD), method=ZIP_LZMA)), "zip_method", "Deflate"),
    Refusal("zip encrypted", made(hostile.encrypted), "zip_encrypted", "sans mot de passe"),
    Refusal("zip damaged", made(hostile.damaged), "zip_damaged", "refaites-le"),
    Refusal("zip with impossible ZIP64", made(hostile.impossible_zip64), "zip_damaged", "refaites-le"),
    Refusal("zip truncated", made(lambda: packed(("a.csv", GOOD))[:-30]), "zip_truncated", "de nouveau"),
    Refusal(
        "zip in a zip",
        made(lambda: packed(("a.zip", packed(("a.csv", GOOD))))),
        "zip_nested",
        "directement le CSV",
    ),
    Refusal("zip of two", zipped(("a.csv", GOOD), ("b.csv", GOOD)), "zip_several_files", "qu'un CSV par zip"),
    Refusal(
        "zip of 5000", zipped(*[(f"{n}", b"") for n in range(5000)]), "zip_several_files", "qu'un CSV par zip"
    ),
    Refusal("zip of nothing", zipped(), "zip_empty", "CSV"),
    Refusal("zip of a folder", zipped(("folder/", b"")), "zip_empty", "CSV"),
    Refusal("zip of an empty file", zipped(("a.csv", b"")), "empty_file", "de nouveau"),
    Refusal("zip of a header", zipped(("a.csv", HEADER.encode("latin-1"))), "no_rows", "exportez"),
    Refusal("zip in ASCII mode", made(hostile.in_ascii_mode), "zip_ascii_mode", "binaire"),
    Refusal(
        "bomb",
        made(lambda: hostile.inflating(GOOD, b"x;\n" * (MIB // 3), 520)),
        "inflated_too_large",
        "prévenez le support",
    ),
    Refusal(
        "line of 1 GiB",
        made(lambda: hostile.inflating(HEADER.encode("latin-1"), b"a" * MIB, 1024)),
        "line_too_long",
        "un contact par ligne",
    ),
    Refusal(
        "cell of 600 MiB",
        made(lambda: hostile.inflating(HEADER.encode("latin-1") + b'R1;"', b"a\n" * (MIB // 2), 600)),
        "inflated_too_large",
        "prévenez le support",
    ),
    Refusal("symbolic link", symlink("/etc/passwd"), "not_a_file", "le fichier lui-même"),
    Refusal("dangling link", symlink("nowhere"), "not_a_file", "le fichier lui-même"),
    Refusal("link to a folder", symlink("."), "not_a_file", "le fichier lui-même"),
    Refusal("hard link", hostile.hard_link, "hard_link", "copie"),
    Refusal("FIFO", hostile.fifo, "not_a_file", "le fichier lui-même"),
    Refusal("device", hostile.device, "not_a_file", "le fichier lui-même"),
]
