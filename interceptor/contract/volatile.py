"""Values that differ in every run: how they look, the constant of the same form, and the pattern of the form."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

from interceptor.rules import UUID_REGEX, escape

# Each begins with what its first character may be and looks behind that: so the search can skip through a text.
_VOLATILE = {
    kind: re.compile(pattern, re.VERBOSE | re.DOTALL | re.ASCII)
    for kind, pattern in {
        "uuid": r"""
            [0-9a-fA-F](?<![0-9A-Za-z].) [0-9a-fA-F]{7} (?:-[0-9a-fA-F]{4}){3} -[0-9a-fA-F]{12} (?![0-9A-Za-z])
        """,
        "http": r"""
            [MTWFS](?:on|ue|ed|hu|ri|at|un),\ \d{2}\ (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\ \d{4}
            \ \d{2}:\d{2}:\d{2}\ GMT
        """,
        "date": r"""
            \d(?<![\d.:-].) \d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])
            (?: [T\ +] (?:[01]\d|2[0-3])(?::|%3A)[0-5]\d (?: (?::|%3A)[0-5]\d (?:[.,]\d{1,9})? )?
                (?: Z | (?:[+-]|%2B)\d{2}(?::|%3A)?\d{2} )? )?
            (?![\d-])
        """,
        "time": r"""
            [0-2](?<![\d.:-].) (?:(?<![2])\d | (?<=2)[0-3]) :[0-5]\d:[0-5]\d (?:\.\d{1,9})?
            (?: Z | [+-]\d{2}:?\d{2} )? (?![\d:-])
        """,
        "jwt": r"eyJ(?<!\weyJ) [A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*",
        "hex": r"[0-9a-fA-F](?<![\w.+=-].) (?=[0-9]*[a-fA-F])(?=[a-fA-F]*[0-9]) [0-9a-fA-F]{15,127} (?![\w.+=-])",
        "token": r"""
            [A-Za-z0-9_](?<![\w.+=-].) (?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*[0-9]) [\w-]{19,127} (?![\w.+=-])
        """,
    }.items()
}
_LONG_NUMBER = re.compile(r"\d(?<![\w.-].)\d{9,12}(?:\.\d+)?(?![\w.-])", re.DOTALL)
_DIGIT = re.compile("[0-9](?![AB])")
"""Not those of `%3A` and `%2B`."""
TOKENS = ("hex:", "token:")
"""How the forms begin of values that may be constants; only those that change from exchange to exchange vary."""
_SHORTEST = len("00:00:00")
_TIME_FORM = re.compile(r"(?P<moment>.*?)(?P<fraction>[.,]0+)?(?P<zone>Z|(?<=:00)[+-].*|(?<=[.,]0)[+-].*)?")
_MOMENT = re.compile(
    r"(?P<day>0000-00-00)?(?P<between>[T ])?(?P<time>00:00(?P<seconds>:00)?)?(?P<fraction>[.,](?:000){1,3})?"
    r"(?P<zone>Z|[+-]00:?00)?"
)
"""The forms that the generators of the Pact tools can give: three, six or nine digits of a second, no others."""
_ZERO_DAY = datetime(2000, 1, 1, tzinfo=UTC)
UNSIGNED_JWT = "eyJhbGciOiJub25lIn0."
"""How the constants of JWTs begin: `{"alg":"none"}`."""
_NEAR = 400 * 24 * 3600
"""Seconds; an expiry may lie a year ahead."""


def volatile(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and form of every volatile value in a text: a UUID, a date, a time, a JWT, a long random token.

    The form is what two values must share to be of the same form: `"date:0000-00-00T00:00:00.000Z"`.
    """
    if len(text) < _SHORTEST:
        return
    found = [
        (match.start(), rank, match.end(), kind)
        for rank, (kind, pattern) in enumerate(_VOLATILE.items())
        for match in pattern.finditer(text)
    ]
    position = 0
    for start, _, end, kind in sorted(found):
        if start >= position:
            yield start, end, _form(kind, text[start:end])
            position = end


def _form(kind: str, found: str) -> str:
    if kind in {"date", "time"}:
        return f"{kind}:{_DIGIT.sub('0', found)}"
    if kind == "uuid":
        return "uuid:a" if found.lower() == found else "uuid:A"
    return f"{kind}:{len(found)}" if kind in {"hex", "token"} else f"{kind}:"


def epochs(text: str, at: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and form of the numbers in a text that are times near `at`."""
    for match in _LONG_NUMBER.finditer(text):
        if (form := epoch_form(match[0], at)) is not None:
            yield match.start(), match.end(), form


def epoch_form(text: str, at: str) -> str | None:
    """The form of a number that is a time near the exchange's own, in seconds or milliseconds, or None."""
    if len(text) < 10:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    if not 1e9 < value < 1e14:
        return None
    try:
        near = datetime.fromisoformat(at).timestamp()
    except ValueError:
        return None
    for unit, factor in (("s", 1), ("ms", 1000)):
        if abs(value - near * factor) < _NEAR * factor:
            return f"epoch:{unit}{'.' if '.' in text else ''}"
    return None


def constant(form: str, number: int) -> str:
    """The constant of a form, as text, for the class `number`, counted from 1."""
    kind, _, detail = form.partition(":")
    moment = _ZERO_DAY + timedelta(days=number - 1)
    match kind:
        case "uuid":
            text = f"00000000-0000-4000-8000-{number:012x}"
            return text.upper() if detail == "A" else text
        case "http":
            return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
        case "date":
            return moment.strftime("%Y-%m-%d") + detail[10:]
        case "time":
            return (_ZERO_DAY + timedelta(seconds=number % 86400)).strftime("%H:%M:%S") + detail[8:]
        case "hex":
            return f"0a{number:0{int(detail) - 2}x}"
        case "token":
            return f"xTk{number:0{int(detail) - 3}d}"
        case "jwt":
            payload = base64.urlsafe_b64encode(b'{"jti":"%d"}' % number).rstrip(b"=").decode()
            return f"{UNSIGNED_JWT}{payload}.c2lnbmF0dXJl"
    seconds = int(moment.timestamp()) * (1000 if detail.startswith("ms") else 1)
    return f"{seconds}.0" if detail.endswith(".") else str(seconds)


def pattern(form: str) -> str:
    """The regular expression of all values of a form."""
    kind, _, detail = form.partition(":")
    match kind:
        case "uuid":
            return UUID_REGEX
        case "http":
            return r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT"
        case "jwt":
            return r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
        case "hex":
            return f"[0-9a-fA-F]{{{detail}}}"
        case "token":
            return f"[A-Za-z0-9_-]{{{detail}}}"
        case "epoch":
            return r"\d+\.\d+" if detail.endswith(".") else r"\d+"
    match = _TIME_FORM.fullmatch(detail)
    assert match is not None
    fraction = r"(\.\d+)?" if match["fraction"] else ""
    zone = r"(Z|[+-]\d{2}:?\d{2})" if match["zone"] else ""
    return f"{_digits(match['moment'])}{fraction}{zone}"


def moment_format(form: str) -> tuple[Literal["Date", "Time", "DateTime"], str] | None:
    """The generator of a date's or a time's form, and its format in Java's notation; None where there is none.

    `"date:0000-00-00T00:00:00.000Z"` -> `("DateTime", "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")`.
    """
    kind, _, detail = form.partition(":")
    if kind == "http":
        return "DateTime", "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    match = _MOMENT.fullmatch(detail) if kind in {"date", "time"} else None
    if match is None:
        return None
    day = "yyyy-MM-dd" if match["day"] else ""
    time = "" if match["time"] is None else "HH:mm:ss" if match["seconds"] else "HH:mm"
    between = {"T": "'T'", " ": " ", None: ""}[match["between"]]
    fraction = (match["fraction"] or "").replace("0", "S")
    # The tools take the local time: `X` would write an offset where the consumer sends, and a provider may want, a Z.
    zone = {None: "", "Z": "'Z'"}.get(match["zone"], "xxx" if ":" in (match["zone"] or "") else "Z")
    return "DateTime" if day and time else "Date" if day else "Time", f"{day}{between}{time}{fraction}{zone}"


def _digits(form: str) -> str:
    return re.sub("0+", lambda run: rf"\d{{{len(run[0])}}}", escape(form))
