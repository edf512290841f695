"""E-mail addresses: a column gives the library's answers, and the protocol's examples."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactsync.reading.values import emails

PLAIN = st.text("abcxyzABCXYZ0123456789", min_size=1, max_size=12)
LOCAL = st.lists(st.one_of(PLAIN, st.text("ab1!#$%&'*+-/=?^_`{|}~", max_size=8)), min_size=1, max_size=3)
LABEL = st.one_of(
    PLAIN,
    st.lists(PLAIN, min_size=2, max_size=3).map("-".join),
    st.sampled_from(["", "-a", "a-", "a--b", "ab--c", "xn--bcher-kva", "xn--zzzzz", "bücher", "日本", "אב"]),
    st.sampled_from(["a" * 62, "a" * 63, "a" * 64]),
)
ENDING = st.sampled_from(
    [
        *(
            "fr",
            "COM",
            "x",
            "museum",
            "c1",
            "1c",
            "1",
            "co.uk",
            "example",
            "latest",
            "xn--p1ai",
            "рф",
            "com.",
            "",
        ),
        *(
            "test",
            "Test",
            "local",
            "localhost",
            "onion",
            "arpa",
            "in-addr.arpa",
            "invalid",
            "my-test",
            "notlocal",
        ),
    ]
)
ADDRESS = st.builds(
    lambda local, labels, ending: f"{'.'.join(local)}@{'.'.join([*labels, ending])}",
    LOCAL,
    st.lists(LABEL, max_size=3),
    ENDING,
)
# Each is at an edge of the rule: lower-casing, composition, dots and at-signs of other scripts.
HOSTILE = st.one_of(
    st.sampled_from([*"@.-_+\"'<>() ,;\\[]\n\t\0éİßẞȺΣ。ﬁ⒈😀", "@@", "..", "xn--"]),
    st.sampled_from("\u212a\uff20\uff0e\u0301\u0338\u200d\u00a0\ufeff"),
    # Marks that compose, that have to be put in order, and what becomes an ASCII sign when it is composed.
    st.text("e\u0301\u0300\u0315\u05ae\u0323\u0340\u037e\u1fef\u2126\U0001d15e", min_size=1, max_size=6),
    st.characters(exclude_categories=["Cs"]),
)


@st.composite
def hostile(draw: st.DrawFn) -> str:
    """An address with a few characters put in, taken out or replaced, or made long."""
    value = draw(ADDRESS)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(value)))
        value = value[:at] + draw(st.one_of(HOSTILE, st.just(""))) + value[at + draw(st.integers(0, 1)) :]
    wanted = draw(st.sampled_from([0, 0, 0, 0, 63, 64, 65, 66, 253, 254, 255, 300]))
    return (draw(st.sampled_from("aé")) * (wanted - len(value)) + value).strip()


def normalised(*values: str | None) -> list[str | None]:
    return [*emails.normalise(pa.array(values, pa.string())).to_pylist()]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(ADDRESS, hostile(), st.text(max_size=20), st.none()), max_size=40))
def test_a_column_has_the_librarys_answer_for_each_value(values: list[str | None]) -> None:
    """Every value of a column gets the library's answer."""
    assert normalised(*values) == [None if value is None else emails.normalise_one(value) for value in values]


@settings(max_examples=300, deadline=None)
@given(hostile(), st.sampled_from("éİȺ日"), st.integers(0, 130))
def test_stored_addresses_fit_an_index(value: str, letter: str, times: int) -> None:
    """No stored form is longer than 254 characters, nor than 381 bytes."""
    stored = emails.normalise_one(letter * times + value)
    assert stored is None or (len(stored) <= 254 and len(stored.encode()) <= 381)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("helene.lefevre@example-mail.fr", "helene.lefevre@example-mail.fr"),
        ("Helene.LEFEVRE@Example-Mail.FR", "helene.lefevre@example-mail.fr"),
        ("o'neil+news@mail.example.org", "o'neil+news@mail.example.org"),
        ("Élodie@bücher.example", "élodie@bücher.example"),
        ("a@xn--bcher-kva.example", "a@bücher.example"),
        ("İ@example.org", "i̇@example.org"),
        (f"{'a' * 242}@example.org", f"{'a' * 242}@example.org"),
        (f"{'a' * 243}@example.org", None),
        (f"{'İ' * 121}@example.org", f"{'i̇' * 121}@example.org"),
        (f"a@{'b' * 63}.org", f"a@{'b' * 63}.org"),
        (f"a@{'b' * 64}.org", None),
        ("a@example", None),
        ("a@example.1", None),
        ("a@mail.test", None),
        ("a@mail.LOCAL", None),
        ("a@ab--cd.example", None),
        ("a@-b.example", None),
        (".a@example.org", None),
        ("a..b@example.org", None),
        ("a@example.org.", None),
        ("a@b@example.org", None),
        ("Yann <yann@example.org>", None),
        ("yann@[127.0.0.1]", None),
        ("n/a", None),
        ("", None),
    ],
)
def test_examples(value: str, stored: str | None) -> None:
    """An address is stored as its normalised, lower-cased form, or not at all."""
    assert normalised(value) == [stored]


def test_a_plain_column_does_not_call_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pattern alone accepts the common addresses."""
    monkeypatch.setattr(emails, "normalise_one", lambda _: pytest.fail("the library was asked"))
    assert normalised("Yann.LeGoff@example-mail.fr", "a_b@x.y.co.uk") == [
        "yann.legoff@example-mail.fr",
        "a_b@x.y.co.uk",
    ]


def test_the_library_is_called_once_per_distinct_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library judges each distinct value that the patterns leave, once."""
    asked: list[str] = []
    monkeypatch.setattr(emails, "normalise_one", asked.append)
    long, longer = f"{'a' * 200}@日本.com", f"{'a' * 201}@日本.com"
    normalised(
        long, "n/a", '"a"@x.fr', "e\u0301@x.fr", longer, long, None, "é@x.fr", "é@日本.com", "a@b@c.fr"
    )
    assert asked == [long, longer]


@pytest.mark.parametrize(
    "value",
    [
        "a1@exemple.fr;a2@exemple.fr",
        "a1@exemple.fr, a2@exemple.fr",
        "a1@exemple.fr a2@exemple.fr",
        "<a2@exemple.fr>",
        "mailto:a3@exemple.fr",
        "a1@exemple.fr\u200b, x",
    ],
)
def test_a_cell_is_one_address_and_nothing_else(value: str) -> None:
    """Two addresses, a name, brackets or a scheme make the cell invalid, so nobody else is opted out (protocol 3)."""
    assert normalised(value) == [None]


def test_an_empty_column_stays_empty() -> None:
    """An empty column gives an empty column."""
    assert normalised() == []


def test_a_slice_of_a_column_is_a_column() -> None:
    """A column that begins within another's memory gets the answers of its own rows."""
    column = pa.array(["no", "a@example.org", None, "é@example.org", "no"])
    assert emails.normalise(column.slice(1, 3)).to_pylist() == ["a@example.org", None, "é@example.org"]
