"""What a secret looks like: by the name it stands under, and by its own form; and what is left of it when masked."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote_plus

from interceptor.values.json_text import Json

MASK = "***"

_SECRET_NAME = re.compile(
    r"""passw(or)?d|passphrase|passcode|secret|credential|signature
      | ( (?<!page)(?<!next)(?<!cursor)(?<!continuation)(?<!sync)token
        | (api|access|private|signing|encryption|subscription|functions)key
        | accesskeyid|authorization|session(id|key)?|jwt|cardnumber|ssn|nonce)$
      | ^(auth|pwd|pin|otp|cvv2?|cvc|sig|sid|x?auth)$
    """,
    re.VERBOSE,
)
_PUNCTUATION = re.compile(r"[^a-z0-9]")

NAME_STEMS = (
    "passw", "passph", "passc", "secret", "credential", "signature", "token", "key", "auth", "session", "jwt", "card",
    "ssn", "nonce", "pwd", "pin", "otp", "cv", "sig", "sid",
)  # fmt: skip
"""One of these is in every secret name; a text without them needs no closer look."""

_MAY_HOLD_FORM = re.compile(
    r"eyJ|A(?:KIA|SIA|Iza)|g(?:h[pousr]_|ithub_pat_|lpat-)|xox|_(?:live|test)_|whsec_|-----BEGIN|npm_|\d(?:[ -]?\d){12}|://[^/\s:]{0,99}:[^/\s]{1,99}@"
)
_FORM = re.compile(
    r"""(?P<jwt> \b eyJ[A-Za-z0-9_-]{5,} \. [A-Za-z0-9_-]{5,} \. [A-Za-z0-9_-]* )
      | (?P<key> -----BEGIN\ [A-Z ]*PRIVATE\ KEY----- [\s\S]+? -----END\ [A-Z ]*PRIVATE\ KEY----- )
      | (?P<token> (?<![A-Za-z0-9]) (?:
            (?:AKIA|ASIA)[A-Z0-9]{16}
          | gh[pousr]_[A-Za-z0-9]{20,} | github_pat_[A-Za-z0-9_]{22,} | glpat-[A-Za-z0-9_-]{20,}
          | xox[abeoprs]-[A-Za-z0-9-]{10,}
          | (?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,} | whsec_[A-Za-z0-9+/=]{16,}
          | AIza[A-Za-z0-9_-]{35} | npm_[A-Za-z0-9]{36}
        ) (?![A-Za-z0-9]) )
      | (?P<userinfo> (?<=://) (?![a0\W]{1,199}@) [^\s/?\#:@"'<>]{0,99} : [^\s/?\#@"'<>]{1,99} (?=@) )
    """,
    re.VERBOSE,
)
_IN_URL = re.compile(r"""[?&#]([^\s=&#?"'<>]{1,80})=([^\s=&#?"'<>,;]+)""")
_FORMS = {"jwt": "a JSON Web Token", "key": "a private key", "token": "a token of a well-known service"}
_DIGITS = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w.-])")
_CARD = re.compile(
    r"4\d{15}(\d{3})?|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|6(011|5\d\d)\d{12}|35\d{14}|3(0[0-5]|[68]\d)\d{11}"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_RANDOM = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+/=_~.-]{12,}")
"""Letters and digits mixed, in the alphabets of base64 and its like."""
_MASKED_UUID = "00000000-0000-4000-8000-000000000000"


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """True for the name of a password, a token, a key: `"client_secret"`, `"X-Api-Key"`; not for `"page_token"`."""
    return _SECRET_NAME.search(_PUNCTUATION.sub("", name.lower())) is not None


def may_hold_form(text: str) -> bool:
    """False where a text certainly holds no secret of a known form; cheap."""
    return _MAY_HOLD_FORM.search(text) is not None


def forms(text: str) -> list[tuple[int, int]]:
    """Where a text holds secrets of a known form: tokens of well-known services, private keys, card numbers."""
    found = [match.span() for match in _FORM.finditer(text)]
    found += [match.span() for match in _DIGITS.finditer(text) if _is_card(match[0])]
    return found


def in_urls(text: str, names: frozenset[str] = frozenset()) -> list[tuple[int, int]]:
    """Where the URLs in a text have the values of secret parameters, and of those of further `names` in lower case."""
    if "=" not in text:
        return []
    return [
        match.span(2)
        for match in _IN_URL.finditer(text)
        if is_secret_name(name := unquote_plus(match[1])) or name.lower() in names
    ]


def form_of(secret: str) -> str:
    """What a secret found by its form is, in words."""
    match = _FORM.fullmatch(secret)
    if match and match.lastgroup:
        return _FORMS[match.lastgroup]
    return "the user and password of a URL" if ":" in secret else "a card number"


def _is_card(text: str) -> bool:
    digits = text.replace(" ", "").replace("-", "")
    return _CARD.fullmatch(digits) is not None and _luhn(digits)


def _luhn(digits: str) -> bool:
    """The check digit of card numbers, ISO/IEC 7812-1."""
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(map(int, digits[-1::-2]))) % 10 == 0


def shape(text: str) -> str:
    """A text with its length and punctuation, but nothing of its content: `"s3cr3t-X"` -> `"a0aa0a-a"`.

    Where the kinds of characters themselves are random, as in a UUID or a token, the result is the same for every
    secret of that length, so that two runs give one pact.
    """
    if _UUID.fullmatch(text):
        return _MASKED_UUID
    if text.startswith("eyJ") and _FORM.fullmatch(text):
        return ".".join("a" * len(part) for part in text.split("."))
    if _RANDOM.fullmatch(text):
        return "a" * len(text)
    return "".join("0" if c.isdigit() else "a" if c.isalpha() else c for c in text)


def shape_json(value: Json) -> Json:
    """A JSON value of the same type with nothing of its content; true, false and null say too little to be masked."""
    match value:
        case str():
            return shape(value)
        case bool() | None:
            return value
        case int():
            digits = len(str(abs(value)))
            return (10 ** (digits - 1) if digits > 1 else 0) * (-1 if value < 0 else 1)
        case float():
            return 0.0
        case list():
            return [shape_json(element) for element in value]
        case dict():
            return {name: shape_json(member) for name, member in value.items()}
    return value


def masked_text(text: str, secrets: list[tuple[int, int]], mask: Callable[[str], str]) -> str:
    """A text with its secrets, given as spans, masked."""
    pieces = []
    position = 0
    for start, end in sorted(secrets):
        if start >= position:
            pieces += [text[position:start], mask(text[start:end])]
            position = end
    return "".join([*pieces, text[position:]])


UNSIGNED_JWT = "eyJhbGciOiJub25lIn0."
"""How the constants of JWTs begin: `{"alg":"none"}`."""
