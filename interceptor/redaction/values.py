"""Finds secrets in one value: by its name, by its form, and inside it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass

from interceptor.redaction.forms import forms, in_urls, may_hold_form
from interceptor.redaction.masks import Span
from interceptor.redaction.names import STEMS, is_doubtful_name, is_harmless_name, is_secret_name, may_name_secret
from interceptor.redaction.randomness import looks_chosen, looks_random
from interceptor.redaction.rules import named
from interceptor.redaction.word_finder import WordFinder
from interceptor.values.mask import MASK, is_masked

_ASSIGNED = re.compile(
    r"""(?<![\w.-])(?P<name>[\w.-]{1,80})["']?[ \t]{0,8}(?:
        :[ \t]{0,8}\"{3}(?P<block>[^"]{1,8192})\"{3}
      | :[ \t]{0,8}[|>][+-]?[ \t]{0,8}\r?\n[ \t]{1,80}(?P<below>[^\r\n]{1,8192})
      | [:=][ \t]{0,8}(?: "(?P<double>(?:[^"\\]|\\.){1,8192})" | '(?P<single>[^'\\\r\n]{1,8192})' )
      | =[ \t]{0,8}(?P<bare>[^\s,;&"'<>{}()\[\]]{1,8192})
      | :[ \t]{1,8}(?P<line>[^\s,;&"'<>{}()\[\]]{1,8192})[ \t]{0,8}(?=\r?$)
    )""",
    re.VERBOSE | re.MULTILINE,
)
_RUN = re.compile(r"[A-Za-z0-9+/_-]{16,8192}={0,2}")
_SAID = re.compile(
    r"(?i:pass(?:word|code)|passwort|token|secret) (?:is|was|ist):? (?=\S{0,80}\d)(\S{4,80})(?<![.,;!?])", re.ASCII
)
"""`The password is: x1`; a word without a digit may go on with the sentence."""
_TOKEN = re.compile(
    r"""(?<![^\s"'=<>(),;:\[{|`]) (?!//) [A-Za-z0-9+/_.$~-]{24,1024}={0,2} (?![^\s"'<>),;&\]}|`\\])""", re.VERBOSE
)
"""A word of its own in a text; no URL."""
SHORTEST_SECRET = 12
"""Characters; a shorter value is a secret only by its name, or where it has a name of its own, as in `pw=x`."""
_DOTS = re.compile(r"[.$]")


class Outlook:
    """Tells cheaply whether a text can contain a secret at all.

    Args:
        names: further names of secrets, in lower case.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        doubtful = [f"{word}{end}" for word in named("doubtful") for end in "\"'=:>"]
        self._names = WordFinder([*STEMS, *doubtful, *names])

    def may_be_secret(self, text: str) -> bool:
        """False if a text, such as a whole body, certainly contains no secret."""
        return (
            not text.isascii()
            or self._names.are_in(text.lower())
            or may_hold_form(text)
            or any(looks_random(run) or _hides_form(run) for run in _RUN.findall(text) if not run.islower())
        )


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds secrets in values.

    `names` are further names of secret parameters, in lower case; `literal` are the values that a handler asks
    for literally: they are test data, however random they look.
    """

    names: frozenset[str] = frozenset()
    literal: tuple[str, ...] = ()
    formless: bool = False
    """Whether what it looks through certainly holds no secret of a known form; a whole body is asked about at once."""

    def is_secret_name(self, name: str) -> bool:
        return is_secret_name(name) or name.lower() in self.names

    def in_value(self, value: str, name: str = "") -> list[Span]:
        """The spans of secrets in a named value; all of it under a secret name."""
        if not value:
            return []
        if name and self.is_secret_name(name):
            return [(0, len(value))]
        if found := self.in_text(value):
            return found
        start, end = len(value) - len(value.lstrip()), len(value.rstrip())
        bare = value[start:end]
        if self._looks_secret(bare, name) or _hides_form(bare):
            return [(start, end)]
        return [] if is_harmless_name(name) else self.random_in(value)

    def in_text(self, text: str) -> list[Span]:
        """The spans of secrets in free text: of a known form, in URLs, and after a name as in `password=x`."""
        return self.by_form(text) + self._assigned(text)

    def random_in(self, text: str) -> list[Span]:
        """Where a text has words that no person wrote, as tokens are."""
        if len(text) < _SHORTEST_RANDOM:
            return []
        return [
            word.span()
            for word in _TOKEN.finditer(text)
            if "//" not in word[0]
            and any(map(looks_random, _DOTS.split(word[0])))
            and not any(word[0] in literal for literal in self.literal)
        ]

    def by_form(self, text: str) -> list[Span]:
        """The spans of secrets of a known form, and of the values of secret parameters in URLs."""
        return (in_urls(text, self.names) if "=" in text else []) + ([] if self.formless else forms(text))

    def _assigned(self, text: str) -> list[Span]:
        if ("=" not in text and ":" not in text) or not may_name_secret(text):
            return []
        spans = []
        for match in _ASSIGNED.finditer(text):
            kind = str(match.lastgroup)
            if self.is_secret_name(match["name"]) and match[kind] != MASK:
                spans.append(match.span(kind))
        spans += [match.span(1) for match in _SAID.finditer(text)]
        return spans

    def _looks_secret(self, value: str, name: str) -> bool:
        if len(value) < SHORTEST_SECRET or " " in value or is_masked(value):
            return False
        if any(value in text for text in self.literal):
            return False
        if is_doubtful_name(name):
            return looks_chosen(value)
        return looks_random(value) and not is_harmless_name(name)


def _hides_form(value: str) -> bool:
    """True for base64 of a text that contains a secret of a known form."""
    if len(value) < _SHORTEST_WRAPPED or value.islower() or value.isupper() or _RUN.fullmatch(value) is None:
        return False
    try:
        decoded = base64.b64decode(value.translate(_STANDARD) + "=" * (-len(value) % 4), validate=True)
        return may_hold_form(text := decoded.decode()) and bool(forms(text))
    except (binascii.Error, UnicodeDecodeError):
        return False


_SHORTEST_RANDOM = 24
_SHORTEST_WRAPPED = 16
_STANDARD = str.maketrans("-_", "+/")
