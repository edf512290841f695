"""The shape of a sentence: its two languages, its plural forms, and what it depends on. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from contactsync.domain.account import Language

Forms: TypeAlias = str | tuple[str, str] | tuple[str, str, str]
"""One form for every count, or the forms for 1 and more, or those for 0, 1 and more."""


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence in French and English; a blank is `{name}` or `{name:form}`, see `sentence.BLANKS`.

    French keeps to ISO-8859-1 and has ordinary spaces; `words.spaced` makes them non-breaking. `by` names the blank
    whose number chooses the form.

    `variants` replace the sentence and `then` adds another one after it. Their keys are facts, such as "zip mode_3"
    (see `sentence.Context.facts`): a variant holds where each of its facts does, and the first that holds is taken.
    `parts` are clauses that are put together first and fill the blank of their name.
    """

    fr: Forms
    en: Forms
    by: str = "count"
    variants: Mapping[str, Text] = field(default_factory=dict)
    then: Mapping[str, Text] = field(default_factory=dict)
    parts: Mapping[str, Text] = field(default_factory=dict)

    def forms(self, language: Language) -> tuple[str, ...]:
        """The forms in a language, in the order 0, 1, more."""
        forms = self.fr if language == "fr" else self.en
        return (forms,) if isinstance(forms, str) else forms

    def form(self, language: Language, count: int) -> str:
        """The form for a count; raises ValueError where a sentence that has no form for 0 gets 0."""
        forms = self.forms(language)
        if len(forms) == 1:
            return forms[0]
        if count:
            return forms[-2] if count == 1 else forms[-1]
        if len(forms) < _WITH_ZERO:
            raise ValueError(f"no form for 0: {forms[-1]}")
        return forms[0]

    def every(self) -> Iterator[Text]:
        """This text with its variants, additions and parts."""
        yield self
        for others in (self.variants, self.then, self.parts):
            for other in others.values():
                yield from other.every()


_WITH_ZERO = 3

Sentences: TypeAlias = Mapping[str, Text]
"""For each code its sentence."""


def table(**texts: Text) -> Sentences:
    """An immutable table; codes are names."""
    return MappingProxyType(texts)
