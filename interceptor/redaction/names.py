"""Names that give a secret away, in the languages in which people write them.

There are two lists, in `secrets.toml`. Under a *secret* name every value is masked; under a *doubtful* one (`key`,
`code`, `ticket`) only values that look random. Names are split into words: `clientSecret`, `client-secret` and
`CLIENT_SECRET` have the same two.
"""

from __future__ import annotations

import re
import unicodedata

from interceptor.redaction.rules import named
from interceptor.redaction.word_finder import WordFinder
from interceptor.values.remember import remembered

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

_PARTS = named("parts")
_WORDS = frozenset(named("words"))
_ALONE = frozenset(named("alone"))
_KEYS = frozenset(named("keys"))
_CODES = frozenset(named("codes"))
_HARMLESS_TOKENS = frozenset(named("harmless_tokens"))
_BEHIND = frozenset(named("behind"))
_DOUBTFUL = frozenset(named("doubtful"))
_HARMLESS = frozenset(named("harmless"))
STEMS = (*named("stems"), *_PARTS)
"""Each secret name contains one of these; a text without any needs no closer look."""
_STEMS = WordFinder(STEMS)
_LETTERS = str.maketrans({"\u0142": "l", "\u0131": "i", "\u00df": "ss", "\u00f8": "o", "\u00f0": "d"})
"""Letters that do not decompose into a base letter and an accent, with their usual replacements."""


@remembered(4000)  # as many distinct names as a project's requests have
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in lower case, without accents: `"clientSecret_2"` -> `("client", "secret", "2")`."""
    plain = _without_accents(name)
    return tuple(word.lower() for word in re.findall(r"[^\W_]+", _CAMEL.sub("_", plain)))


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in decomposed if not (unicodedata.combining(c) and c < "\u0370"))
    # Marks that make a different letter (such as the Japanese voiced ones) are kept, in either Unicode form.
    return unicodedata.normalize("NFKC", kept).translate(_LETTERS)


@remembered(4000)  # as above
def is_secret_name(name: str) -> bool:
    """True for the name of a password, a token, a key: `"client_secret"`, `"X-Api-Key"`; not for `"page_token"`."""
    if not may_name_secret(name):
        return False
    words = words_of(name)
    if not words:
        return False
    joined = "".join(words)
    if _PLAIN_PARTS.are_in(joined) and not joined.startswith("secretar"):
        return True
    return _is_secret(words) or (len(words) > 1 and words[-1] in _BEHIND and _is_secret(words[:-1]))


_PLAIN_PARTS = WordFinder(dict.fromkeys("".join(words_of(part)) for part in _PARTS))


def _is_secret(words: tuple[str, ...]) -> bool:
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    joined = "".join(words)
    if last in _WORDS or joined in _WORDS or joined in _ALONE:
        return True
    if last == "assertion" or (last == "verifier" and before in {"code", "oauth"}):
        return True
    if last == "code":
        return before in _CODES or words[-3:-1] == ("one", "time")
    if last == "token" or last.endswith("token"):
        return before not in _HARMLESS_TOKENS and not any(last == f"{word}token" for word in _HARMLESS_TOKENS)
    if last in {"key", "keys"}:
        return before in _KEYS or (
            len(words) > 1 and words[0] == "x" and before not in {"idempotency", "sort", "cache"}
        )
    if last == "id":
        return before in {"session", "sess"} or words[-2:] == ("secret", "id") or words[-3:] == ("access", "key", "id")
    return (before, last) in {("card", "number"), ("one", "time")}


@remembered(4000)  # as above
def is_doubtful_name(name: str) -> bool:
    """True for a name that may or may not stand for a secret: `"key"`, `"code"`, `"ticket"`."""
    words = words_of(name)
    return bool(words) and (words[-1] in _DOUBTFUL)


@remembered(4000)  # as above
def is_harmless_name(name: str) -> bool:
    """True for a name under which random-looking values are expected: `"orderId"`, `"etag"`, `"next_cursor"`."""
    return any(word in _HARMLESS for word in words_of(name))


def may_name_secret(text: str) -> bool:
    """False if a text certainly contains no secret name; cheap."""
    return not text.isascii() or _STEMS.are_in(text.lower())
