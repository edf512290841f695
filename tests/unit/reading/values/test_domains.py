"""Domains of addresses: the quick judgement gives the library's answer, character by character and together."""

from __future__ import annotations

import sys
import unicodedata

import email_validator
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from contactsync.reading.values import domains
from contactsync.reading.values.emails import MAX_BYTES

# Letters of many scripts, marks, digits of other scripts, mapped letters, joiners and symbols: each is an edge.
LETTERS = st.sampled_from([*"abxn19-éßŒİǅñ日本क्षअבאب١۱가각가ΣςΆж☺™½·・ー\u200d\u0301\u0338\u00ad。ａ０"])
LABEL = st.one_of(
    st.text(LETTERS, max_size=6),
    st.text(LETTERS, min_size=30, max_size=70),
    st.text(LETTERS, min_size=1, max_size=12).map(
        lambda text: "xn--" + text.encode("punycode").decode("latin-1")
    ),
    st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=12).map("xn--".__add__),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(
        ["fr", "com", "test", "in-addr", "arpa", "xn--p1ai", "рф", "ab--cd", "a" * 63, "a" * 64, ""]
    ),
)
# A longer one leaves no room for "a@" in an address, so the library refuses the address.
LONGEST = MAX_BYTES - len("a@")
DOMAIN = st.lists(LABEL, min_size=1, max_size=5).map(".".join)


def by_library(domain: str) -> str | None:
    try:
        return email_validator.validate_email(f"a@{domain}", check_deliverability=False).domain
    except email_validator.EmailNotValidError:
        return None


def is_possible(domain: str) -> bool:
    return all(letter > "\x7f" or letter.isalnum() or letter in ".-" for letter in domain)


@settings(max_examples=400, deadline=None)
@given(DOMAIN.filter(is_possible))
@example("a.xn--a")
@example("אב.1.com")
@example("l·l.fr")
@example("日本。jp")
@example("é.in-addr.arpa")
def test_a_domain_has_the_librarys_answer(domain: str) -> None:
    """A domain that the library accepts is stored in its form, and no other one is accepted."""
    judged = domains.judge(domain)
    assume(judged is None or judged[1] <= LONGEST)
    assert (judged and judged[0]) == by_library(domain)


@settings(max_examples=300, deadline=None)
@given(DOMAIN.filter(is_possible))
def test_the_bound_holds(domain: str) -> None:
    """The ASCII form of a domain is never longer than the bound."""
    judged = domains.judge(domain)
    if judged and judged[1] <= LONGEST:
        found = email_validator.validate_email(f"a@{domain}", check_deliverability=False)
        assert len(found.ascii_domain) <= judged[1]


def test_every_character_has_the_librarys_answer() -> None:
    """Whatever the character, a label that consists of it and letters is judged as the library does."""
    # All characters of the usual scripts, and some of the others.
    for code in [*range(0x80, 0x600), *range(0x600, sys.maxunicode, 1999)]:
        if unicodedata.category(chr(code)) != "Cs":
            domain = f"a{chr(code)}b.fr"
            judged = domains.judge(domain)
            assert (judged and judged[0]) == by_library(domain), hex(code)


def test_usual_domains_do_not_call_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Domains in Latin, Chinese, Cyrillic and Hebrew letters, and Punycode, are judged without the library."""
    monkeypatch.setattr(domains, "_by_library", lambda _: pytest.fail("the library was asked"))
    domains.judge.cache_clear()
    for domain in (
        "éléphant-1.fr",
        "日本.example.com",
        "почта.ru",
        "אב.com",
        "xn--lphant-9uab.fr",
        "x",
        "a..b",
        "☺.fr",
    ):
        domains.judge(domain)
