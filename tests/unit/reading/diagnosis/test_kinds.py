"""Files of another format are named by what they are."""

from __future__ import annotations

import pytest

from contactsync.domain.messages.words import KINDS
from contactsync.reading.diagnosis import kinds
from tests.unit.reading.diagnosis.files import refusal

FILES = {
    "HTML": [
        "<html><body><table><tr><td>Référence</td></tr></table></body></html>",
        "\n <!DOCTYPE HTML PUBLIC>\n<html>\n",
        "<table>\n<tr><td>Email</td></tr>\n</table>\n",
        "<br />\n<b>Warning</b>:  fopen() in /x.php on line 3<br />\n",
        '<?xml version="1.0"?>\n<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml"/>\n',
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>\n',
    ],
    "XML": [
        '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook/>\n',
        '<?xml version="1.0"?><ss:Workbook xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"/>\n',
    ],
    "other XML": ['<?xml version="1.0"?>\n<contacts/>\n', "<contacts>\n <contact/>\n</contacts>\n"],
    "JSON": ['[{"Email":"a@b.fr"}]\n', '{"contacts": []}\n', '[\n  {\n  "Email": 1}]', "[]", '["Email","Nom"]\n'],
    "vCard": ["BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nEND:VCARD\r\n", "begin:vcard\nend:vcard\n"],
    "iCalendar": ["BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"],
    "LDIF": ["dn: cn=A,dc=b\ncn: A\n", "version: 1\n\ndn: cn=A,dc=b\n"],
    "MHTML": ["MIME-Version: 1.0\nX-Document-Type: Workbook\nContent-Type: multipart/related; boundary=x\n\n"],
    "mail": ["Return-Path: <a@b.fr>\nSubject: x\n\nx\n", "MIME-Version: 1.0\nContent-Type: text/plain\n\nx\n"],
    "SYLK": ["ID;PWXL;N;E\r\nP;PGeneral\r\nC;Y1;X1;K\"Email\"\r\n"],
    "RTF": ["{\\rtf1\\ansi Email\\par a@b.fr}\n"],
    "SQL": ["-- phpMyAdmin SQL Dump\n-- version 5\n", "INSERT INTO clients VALUES (1);\n", "/*!40101 SET NAMES utf8 */;\n"],
    "program": ["#!/bin/sh\ncat\n", "<?php\necho 1;\n"],
    "SQLite": [b"SQLite format 3\0" + bytes(84)],
    "Access": [b"\0\x01\0\0Standard Jet DB\0" + bytes(80)],
    "dBase": [bytes([3, 124, 3, 12, 2, 0, 0, 0, 97, 0, 30, 0, 0, 0]) + bytes(80)],
    "Outlook": [b"!BDN" + bytes(80)],
    "GIF": [b"GIF89a" + bytes(80)],
    "image": [b"RIFF\x10\0\0\0WEBPVP8 ", b"II*\0" + bytes(80), b"BM6\x01\0\0\0\0\0\0" + bytes(80)],
    "tar": [b"a.csv".ljust(257, b"\0") + b"ustar\x0000" + bytes(248)],
    "archive": [b"\x28\xb5\x2f\xfd" + bytes(80), b"\x1f\x9d\x90abc\0", b"MSCF" + bytes(80)],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "data"), [(kind, data) for kind, texts in FILES.items() for data in texts])
@pytest.mark.parametrize("separator", [";", ",", "auto"])
def test_a_file_of_another_format(kind: str, data: bytes | str, separator: str) -> None:
    """Its beginning shows what it is, whatever the program would have tripped over first."""
    found = refusal(data, separator=separator)
    assert (found.code, found.details.get("found")) == ("not_csv", kind)


def test_every_kind_has_words() -> None:
    """Each can be named in both languages."""
    assert FILES.keys() <= KINDS.keys()
    patterns = (*kinds._KINDS, *kinds._BINARY)
    assert {kind for _, kind in patterns} <= FILES.keys()


@pytest.mark.parametrize(
    "data",
    [
        "ID;Prénom;Nom\nP;Jean;Dupont\n",
        "<Nom>;<Prénom>\nDupont;Jean\n",
        "[Nom];[Ville]\nDupont;Lyon\n",
        "{Nom};{Ville}\nDupont;Lyon\n",
        "dn;cn\na;b\n",
        "-- Export --\nDupont;Lyon\n",
    ],
)
def test_an_odd_header_line_is_no_other_format(data: str) -> None:
    """A header line may begin with a mark."""
    assert refusal(data).code != "not_csv"


def test_a_long_json_file_of_one_line() -> None:
    """It is JSON, rather than a line that is too long."""
    data = '[{"Email":"a@b.fr"}' + ',{"Email":"a@b.fr"}' * 80_000 + "]"
    assert refusal(data).details["found"] == "JSON"
