"""Exports of other programs, through the pipeline into the database."""

from __future__ import annotations

import json

import pytest

from tests.cases.expectations import Export, exports
from tests.integration.conftest import Site


@pytest.mark.parametrize("export", list(exports()), ids=lambda export: export.id)
def test_an_export_is_imported_as_it_is(site: Site, export: Export) -> None:
    """An account that only sets `separator = auto` gets every person, and the answer names the separator."""
    site.set(separator="auto")
    row = site.apply(export.path.read_bytes(), name=f"{export.id}.csv")
    people = [
        (email, frozenset(filter(None, numbers)))
        for email, *numbers in site.contacts("email", "phone", "mobile")
    ]
    assert sorted(people, key=str) == sorted(export.people(), key=str)
    assert (row["state"], site.result(row)["separator"]) == ("ok", export.separator)


def test_the_answer_names_what_was_read_under_another_name(site: Site) -> None:
    """And it comes last, because it asks for nothing; a person's cells are named nowhere."""
    site.set(separator="auto", language="en", header_map=["Boutique=Champ 1"])
    row = site.apply("Mail,Boutique,Phone,N° client,0612345678\na@b.fr,Brest,0698765432,7,x\n")
    result = site.result(row)
    assert [(each["code"], each["count"], each["lines"]) for each in result["warnings"]] == [
        ("unknown_column", 2, [1]),
        ("mapped_headers", 3, [1]),
    ]
    unknown, mapped = (each["message"] for each in result["warnings"])
    assert 'The column "N° client" is not recognised: do you mean Référence?' in unknown
    assert "Column 5 has no name" in unknown
    assert '"Phone" as Mobile or Téléphone Fixe, depending on the number' in mapped
    assert "0612345678" not in json.dumps(result)
    assert site.contacts("email", "mobile", "phone", "field_1") == [("a@b.fr", "+33698765432", None, "Brest")]


def test_a_number_keeps_the_column_that_it_does_not_fill(site: Site) -> None:
    """Also where blank cells clear: the file says nothing of the other number."""
    site.set(dedup="reference", blank_cells="clear")
    site.apply("Référence;Mobile;Téléphone Fixe\nA;0612345678;0299415263\n")
    site.apply("Référence;Email;Phone\nA;a@b.fr;0698765432\n")
    assert site.contacts("mobile", "phone") == [("+33698765432", "+33299415263")]


def test_a_file_without_a_header_line_leaks_nothing(site: Site) -> None:
    """Neither its answer nor the ledger has a person's cells."""
    site.set(language="en")
    row = site.apply("Email;jean@exemple.fr;06 12 34 56 78;Dupont\nx@b.fr;y;z;t\n")
    assert row["state"] == "ok"
    assert not {"jean@exemple.fr", "06 12 34 56 78"} & set(json.dumps(site.result(row)).split('"'))
    assert "exemple" not in json.dumps(row, default=str)
