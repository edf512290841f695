"""What EXPECT.tsv leaves to prose, as data: reasons, stored values, warnings, and later rulings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Detail:
    """More about one case.

    `stored` maps columns to the values of the contacts in order of creation. `opt_outs` holds the
    addresses that are off afterwards, with their medium. `effects` holds some of the counts
    `inserted`, `updated`, `unchanged` and `removed`. `warnings` maps codes to lines.
    `state` and `counts` (applied, rejected) replace those of EXPECT.tsv, for the reason in `ruling`.
    `diagnosis` is the reason that the program gives instead of `reason`, because it knows the cause; `says` is a part
    of its French sentence.
    """

    reason: str | None = None
    diagnosis: str | None = None
    says: str = ""
    stored: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    opt_outs: frozenset[tuple[str, str]] | None = None
    effects: Mapping[str, int] = field(default_factory=dict)
    list_name: str | None = None
    mode: int | None = None
    warnings: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    state: str | None = None
    counts: tuple[int, int] | None = None
    ruling: str = ""


MOBILE = "+33612345678"
REUNION = "+262692123456"

DETAILS: dict[str, Detail] = {
    "c01_two_mails": Detail("no_valid_row"),
    "c03_name_addr": Detail("no_valid_row"),
    "c05_optout_zwsp": Detail(opt_outs=frozenset({("EMAIL", "a1@exemple.fr")})),
    "c06b_formula_ref_quoted": Detail(
        stored={
            "reference": ("00123",),
            "last_name": ("Dupont",),
            "email": ("a1@exemple.fr",),
            "mobile": (MOBILE,),
        }
    ),
    "c07_apostrophe": Detail(
        stored={
            "reference": ("00123",),
            "last_name": ("'Dupont",),
            "email": ("a1@exemple.fr",),
            "mobile": (MOBILE,),
        }
    ),
    "c08_ref_scientific": Detail("no_valid_row"),
    "c08c_sync_scientific": Detail(
        "no_valid_row", stored={"reference": ("1234567890123456", "1234567890123457")}
    ),
    "c10_narrow_nbsp": Detail(stored={"mobile": (MOBILE,) * 5}),
    "c11b_optout_two_phones": Detail("no_valid_row", opt_outs=frozenset()),
    "c12b_optout_missing_digit": Detail("no_valid_row", opt_outs=frozenset()),
    "c13b_placeholder_triplet": Detail("no_valid_row"),
    "c14b_dom_optout_split": Detail(
        stored={"mobile": (REUNION,)}, opt_outs=frozenset({("SMS", REUNION)}), effects={"inserted": 1}
    ),
    "c14d_region_re": Detail(stored={"mobile": (REUNION, MOBILE)}),
    "c16_float_phone": Detail("no_valid_row"),
    "c18_dates": Detail(
        # Line 11 has a date that is only possible with the month first; then no slashed date counts.
        stored={"birth_date": (None, None, None, None, None, "1980-12-31", None, "1980-12-31", *[None] * 4)},
    ),
    "c20_idn": Detail(
        stored={"email": ("jean@éléphant.fr", "jean@éléphant.fr", "jean@exemple.fr", "josé@exemple.fr")}
    ),
    "c22_lost_zero_cp": Detail(stored={"postal_code": ("1000",)}),
    "c24_question_marks_in_phone": Detail("no_valid_row"),
    "c26_all_invisible": Detail(stored={"reference": ("A1",)}),
    "d01_optout_headerless": Detail("no_known_column", says="par exemple « Email »", opt_outs=frozenset()),
    "d03_delete_triplet_mail_only": Detail(effects={"removed": 0}, warnings={"met_nobody": (2,)}),
    "d05_optout_sms_wrong_col": Detail("missing_column", says="la colonne Mobile", opt_outs=frozenset()),
    "d07_optout_display_name": Detail("no_valid_row", opt_outs=frozenset()),
    "e01_double_utf8": Detail("missing_column", "wrong_encoding", "accents sont altérés"),
    "e02_macroman_cr": Detail("missing_column", "wrong_encoding", "« CSV (Macintosh) »"),
    "e03_cp850": Detail("missing_column", "wrong_encoding", "« CSV (MS-DOS) »"),
    "e04_two_boms": Detail(stored={"last_name": ("Lefèvre", "Müller")}),
    "e06_bom_first_cell_headless": Detail(
        stored={"reference": ("A1", "A2"), "email": ("a1@exemple.fr", "a2@exemple.fr")}
    ),
    "e07b_mixed_header": Detail(
        state="ok",
        counts=(2, 0),
        stored={"last_name": ("Lefèvre", "Müller")},
        warnings={"mixed_encoding": (3,)},
        ruling="Three UTF-8 sequences against one stray byte: protocol 2 reads the file as mixed.",
    ),
    "e10_entities": Detail("too_many_fields", says="un point-virgule"),
    "e12_nfd_reference": Detail(
        stored={"reference": ("É12",)}, effects={"inserted": 1}, warnings={"repeated_reference": (3,)}
    ),
    "e14_ebcdic": Detail("no_known_column", "wrong_encoding", "pas dans un encodage que nous lisons"),
    "h01_nbsp": Detail(stored={"phone": ("+33299415263",)}),
    "h03_soft_hyphen": Detail(stored={"email": ("a1@exemple.fr",)}),
    "h05_underscore": Detail(
        stored={
            "phone": ("+33299415263",),
            "postal_code": ("75001",),
            "birth_date": ("1980-02-01",),
        }
    ),
    "h07_dup_two_languages": Detail("duplicate_column", says="« Nom » et « Last name »"),
    "h09_hubspot": Detail(stored={"email": ("a1@exemple.fr",), "mobile": (MOBILE,)}),
    "h11_brevo": Detail(stored={"email": ("a1@exemple.fr",), "mobile": (MOBILE,)}),
    "h13_outlook_fr": Detail(
        state="ok",
        counts=(1, 0),
        stored={"civility": ("M.",), "email": ("a1@exemple.fr",), "mobile": (MOBILE,)},
        ruling="Exports of Outlook import without editing (protocol 2, `headers = known`).",
    ),
    "q01_backslash": Detail("text_after_quote", says="doublez les guillemets"),
    "q03_single_quotes": Detail("no_known_column", "wrong_quotes", "entre apostrophes"),
    "q07_ctrl_z": Detail(stored={"reference": ("A1",)}),
    "q08_nul": Detail("nul_byte"),
    "r01_rejected_excel_fr": Detail(list_name="liste", mode=2),
    "r03_rejected_moved_cols": Detail(list_name="liste", mode=2),
    "r05_rejected_copy_name": Detail(list_name="liste", mode=2),
    "r07_libreoffice_general": Detail(list_name="liste", mode=2),
    "r09_libreoffice_text": Detail(
        list_name="liste",
        mode=2,
        stored={"reference": ("00123", "1234567890123456", "MARS1", "1/2", "0E5")},
    ),
    "s01_sep_line": Detail(stored={"reference": ("A1",)}),
    "s01c_sep_comma": Detail("wrong_separator", says="des virgules"),
    "s02_comma": Detail("wrong_separator", says="des virgules"),
    "s03b_some_lines_in_quotes": Detail(
        "too_few_fields", "quoted_lines", "La ligne 3 est tout entière entre guillemets"
    ),
    "s05_header_semi_rows_comma": Detail("too_few_fields", "mixed_separators", "des virgules"),
    "s07_footer": Detail(
        state="ok",
        counts=(1, 0),
        warnings={"footer": (5, 6, 7)},
        ruling="Lines with one cell after a blank line at the end are a footer (protocol 2).",
    ),
    "s09_excel_ragged_16": Detail("too_few_fields", "missing_empty_cells", "toujours remplie"),
    "s10_empty_cols_right": Detail(
        state="ok",
        counts=(1, 0),
        ruling="Blank columns at the right do not count (protocol 2).",
    ),
    "x01_html_xls": Detail("not_csv", says="une page web"),
    "x03_json": Detail("not_csv", says="un fichier JSON"),
    "x05_exe_zip": Detail("not_csv", says="un programme"),
    "z11_leading_bom": Detail(
        state="ok",
        counts=(1, 0),
        ruling="Foreign bytes before the archive are accepted, as unzip accepts them (protocol 2).",
    ),
    "z13_crc": Detail("zip_damaged"),
    "z15_deflate64": Detail("zip_method"),
    "z17_gzip": Detail("not_csv", says="gzip"),
    "z19_xlsx_in_zip": Detail("workbook"),
    "z23_docx": Detail("not_csv", says="un document Word"),
}
