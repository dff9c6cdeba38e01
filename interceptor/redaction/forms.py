"""Recognises secrets by their own form: tokens, keys and card numbers.

Each rule names the issuer of such tokens. A text is scanned once for hints, and only what follows a hint is compared
with the rules; every repetition is bounded, so that the time is linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote_plus

from interceptor.redaction.masks import Span
from interceptor.redaction.names import is_secret_name
from interceptor.redaction.rules import token_forms
from interceptor.redaction.word_finder import WordFinder

_JWT = re.compile(r"(?<![\w.-])eyJ[A-Za-z0-9_-]{5,4096}\.[A-Za-z0-9_-]{5,8192}\.[A-Za-z0-9_-]{0,2048}", re.ASCII)
_SHORTEST_HINT = 2
"""Characters; shorter hints occur in every other text, and tell nothing."""
_BEGINNING = "-----BEGIN"
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_USERINFO = re.compile(
    r"""(?<=://) (?![a0\W]{1,199}@) [^\s/?\#:@"'<>]{0,99} : [^\s/?\#@"'<>]{1,99} (?=@)""", re.VERBOSE
)
_IN_URL = re.compile(r"""[?&#;]([^\s=&#?;"'<>]{1,80})=([^\s=&#?"'<>,;]{1,8192})""")
_MANY_DIGITS = re.compile(r"[0-9](?:[ -]?[0-9]){12}")
_TWO_LETTERS = re.compile(r"[AS][CK][0-9a-f]{32}")
_TWO_SIGNS = "Q~"
"""What is in the tokens whose hint is too short; each is looked for alone, which is ten times as fast."""
_CREDENTIALS_IN_URL = re.compile(r"://[^/\s:@]{0,99}:[^/\s@]{1,99}@")
_DIGITS = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w.-])")
_CARD = re.compile(
    r"4\d{15}(\d{3})?|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|6(011|5\d\d)\d{12}|35\d{14}|3(0[0-5]|[68]\d)\d{11}"
)


_TOKENS = token_forms()
_HINTED = [(hint, rule) for rule in _TOKENS for hint in rule.hints if len(hint) > _SHORTEST_HINT]
_UNHINTED = [rule for rule in _TOKENS if any(len(hint) <= _SHORTEST_HINT for hint in rule.hints)]
_HINTS = WordFinder([*(hint for hint, _ in _HINTED), "eyJ", _BEGINNING])


def may_hold_form(text: str) -> bool:
    """False if a text certainly contains no secret of a known form; cheap."""
    return _may_hold_token(text) or ("://" in text and _CREDENTIALS_IN_URL.search(text) is not None)


def _may_hold_token(text: str) -> bool:
    return (
        _HINTS.are_in(text)
        or _MANY_DIGITS.search(text) is not None
        or _TWO_LETTERS.search(text) is not None
        or _TWO_SIGNS in text
    )


def forms(text: str) -> list[Span]:
    """The spans of secrets of a known form: tokens of well-known services, private keys, card numbers."""
    if not may_hold_form(text):
        return []
    found = token_spans(text)
    if "://" in text:
        found += [match.span() for match in _USERINFO.finditer(text)]
    if "eyJ" in text:
        found += [match.span() for match in _JWT.finditer(text)]
    if _BEGINNING in text:
        found += _private_keys(text)
    if _MANY_DIGITS.search(text):
        found += [match.span() for match in _DIGITS.finditer(text) if _is_card(match[0])]
    return found


def token_spans(text: str) -> list[Span]:
    """Where a text, or bytes read as one, holds tokens of well-known services."""
    hints = _HINTS.found(text)
    hinted = {_HINTED[index][1].issuer: _HINTED[index][1] for index in hints if index < len(_HINTED)}
    rules = [*hinted.values(), *(rule for rule in _UNHINTED if any(hint in text for hint in rule.hints))]
    return [span for rule in rules for span in _whole(rule.form, text)]


def _whole(form: re.Pattern[str], text: str) -> Iterator[Span]:
    """The spans of a form that is not part of a longer word."""
    for match in form.finditer(text):
        start, end = match.span()
        if not (_is_alphanumeric(text[start - 1 : start]) or _is_alphanumeric(text[end : end + 1])):
            yield start, end


def _is_alphanumeric(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _private_keys(text: str) -> list[Span]:
    """Each private key from its first line to the next last line, found in one pass."""
    found: list[Span] = []
    position = 0
    while begin := _BEGIN.search(text, position):
        end = _END.search(text, begin.end())
        if end is None:  # cut off: what follows is the key
            found.append((begin.start(), len(text)))
            break
        found.append((begin.start(), end.end()))
        position = end.end()
    return found


def in_urls(text: str, names: frozenset[str] = frozenset()) -> list[Span]:
    """The spans of the values of secret parameters in URLs; `names`, in lower case, are secret as well."""
    if "=" not in text:
        return []
    return [
        match.span(2)
        for match in _IN_URL.finditer(text)
        if is_secret_name(name := unquote_plus(match[1])) or name.lower() in names or _leads_to_secret(match[2], names)
    ]


def _leads_to_secret(value: str, names: frozenset[str]) -> bool:
    """True for a URL, encoded in a parameter of another one, that has a secret parameter itself."""
    return "%3D" in value.upper() and bool(in_urls(unquote_plus(value), names))


def form_of(secret: str) -> str:
    """Describes a secret that was found by its form."""
    if _JWT.fullmatch(secret):
        return "a JSON Web Token"
    if secret.startswith(_BEGINNING):
        return "a private key"
    if any(rule.form.fullmatch(secret) for rule in _TOKENS):
        return "a token of a well-known service"
    return "the user and password of a URL" if ":" in secret else "a card number"


@lru_cache(maxsize=1024)  # short texts: the digits of possible card numbers
def _is_card(text: str) -> bool:
    digits = text.replace(" ", "").replace("-", "")
    return _CARD.fullmatch(digits) is not None and _luhn(digits)


def _luhn(digits: str) -> bool:
    """The check digit of card numbers, ISO/IEC 7812-1."""
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(map(int, digits[-1::-2]))) % 10 == 0
