"""Secrets in one value: by the name it stands under, by its form, and by what is written in it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from string import punctuation

from ahocorasick_rs import AhoCorasick

from interceptor.redaction.forms import forms, in_urls, may_hold_form
from interceptor.redaction.masks import Span, is_masked
from interceptor.redaction.names import STEMS, is_doubtful_name, is_harmless_name, is_secret_name, may_name_secret
from interceptor.redaction.randomness import looks_chosen, looks_random
from interceptor.redaction.rules import named
from interceptor.values.mask import MASK

_ASSIGNED = re.compile(
    r"""(?<![\w.-])(?P<name>[\w.-]{1,80})["']?[ \t]{0,8}(?:
        [:=][ \t]{0,8}(?: "(?P<double>(?:[^"\\]|\\.){1,8192})" | '(?P<single>[^'\\\r\n]{1,8192})' )
      | =[ \t]{0,8}(?P<bare>[^\s,;&"'<>{}()\[\]]{1,8192})
      | :[ \t]{1,8}(?P<line>[^\s,;&"'<>{}()\[\]]{1,8192})[ \t]{0,8}(?=\r?$)
    )""",
    re.VERBOSE | re.MULTILINE,
)
_NO_PUNCTUATION = str.maketrans("", "", punctuation)
_RUN = re.compile(r"[A-Za-z0-9+/_-]{16,8192}={0,2}")


class Outlook:
    """Tells cheaply whether a text may hold a secret at all.

    Args:
        names: further names of secrets, in lower case.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        doubtful = [f"{word}{end}" for word in named("doubtful") for end in "\"'=:>"]
        self._names = AhoCorasick([*STEMS, *doubtful, *names])
        words = (*STEMS, *named("doubtful"), *("".join(filter(str.isalnum, name)) for name in names))
        self._words = AhoCorasick([word for word in words if word])

    def may_be_secret(self, text: str) -> bool:
        """False where a text, such as a whole body, certainly holds no secret."""
        return (
            not text.isascii()
            or bool(self._names.find_matches_as_indexes(text.lower()))
            or may_hold_form(text)
            or any(looks_random(run[0]) or _hides_form(run[0]) for run in _RUN.finditer(text))
        )

    def may_be_secret_in_fields(self, text: str) -> bool:
        """False where a query or a form, decoded, certainly holds none; a name in it may be spelt `pass-word[]`."""
        return (
            not text.isascii()
            or bool(self._words.find_matches_as_indexes(text.lower().translate(_NO_PUNCTUATION)))
            or may_hold_form(text)
            or any(looks_random(run[0]) or _hides_form(run[0]) for run in _RUN.finditer(text))
        )


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds secrets in values.

    `names` are further names of secret parameters, in lower case; `literal` holds what a handler asks for
    literally: such a value is test data, however random it looks.
    """

    names: frozenset[str] = frozenset()
    literal: tuple[str, ...] = ()

    def is_secret_name(self, name: str) -> bool:
        return is_secret_name(name) or name.lower() in self.names

    def in_value(self, value: str, name: str = "") -> list[Span]:
        """Where a value that stands under a name holds secrets; the whole of it under a secret name."""
        if not value:
            return []
        if name and self.is_secret_name(name):
            return [(0, len(value))]
        if found := self.in_text(value):
            return found
        start, end = len(value) - len(value.lstrip()), len(value.rstrip())
        bare = value[start:end]
        return [(start, end)] if self._looks_secret(bare, name) or _hides_form(bare) else []

    def in_text(self, text: str) -> list[Span]:
        """Where a free text holds secrets: of a known form, in URLs, and behind a name as in `password=x`."""
        return self.by_form(text) + self._assigned(text)

    def by_form(self, text: str) -> list[Span]:
        """Where a text holds secrets of a known form, and values of secret parameters in URLs."""
        return forms(text) + in_urls(text, self.names)

    def _assigned(self, text: str) -> list[Span]:
        if ("=" not in text and ":" not in text) or not may_name_secret(text):
            return []
        spans = []
        for match in _ASSIGNED.finditer(text):
            kind = str(match.lastgroup)
            if self.is_secret_name(match["name"]) and match[kind] != MASK:
                spans.append(match.span(kind))
        return spans

    def _looks_secret(self, value: str, name: str) -> bool:
        if is_masked(value) or any(value in text for text in self.literal):
            return False
        if is_doubtful_name(name):
            return looks_chosen(value)
        return looks_random(value) and not is_harmless_name(name)


def _hides_form(value: str) -> bool:
    """True for base64 of what holds a secret of a known form."""
    if _RUN.fullmatch(value) is None:
        return False
    try:
        decoded = base64.b64decode(value.translate(_STANDARD) + "=" * (-len(value) % 4), validate=True)
        return may_hold_form(text := decoded.decode()) and bool(forms(text))
    except (binascii.Error, UnicodeDecodeError):
        return False


_STANDARD = str.maketrans("-_", "+/")
