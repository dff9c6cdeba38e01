"""What content-type headers say, as clients and servers spell them."""

from __future__ import annotations

import pytest

from interceptor.values.media_types import media_type


@pytest.mark.parametrize(
    ("header", "essence", "suffix", "parameters"),
    [
        (None, "", "", {}),
        ("", "", "", {}),
        ("application/json", "application/json", "json", {}),
        (" Application/Problem+JSON ; Charset=UTF-8", "application/problem+json", "json", {"charset": "UTF-8"}),
        ('text/html;charset="iso-8859-1"', "text/html", "html", {"charset": "iso-8859-1"}),
        ('multipart/mixed; boundary="a; b"; x=1', "multipart/mixed", "mixed", {"boundary": "a; b", "x": "1"}),
        ("text/plain;;", "text/plain", "plain", {}),
        ("json", "json", "", {}),
    ],
)
def test_what_a_header_says(header: str | None, essence: str, suffix: str, parameters: dict[str, str]) -> None:
    kind = media_type(header)
    assert (str(kind), kind.suffix, dict(kind.parameters)) == (essence, suffix, parameters)


@pytest.mark.parametrize(
    ("header", "is_a"),
    [
        ("application/json;charset=utf-8", {"json"}),
        ("application/hal+json", {"json"}),
        ("text/plain", {"text"}),
        ("application/x-www-form-urlencoded", {"text", "form"}),
        ("application/soap+xml", {"text", "xml"}),
        ("multipart/form-data; boundary=b", {"multipart"}),
        ("image/png", set()),
        (None, set()),
    ],
)
def test_what_a_body_is(header: str | None, is_a: set[str]) -> None:
    kind = media_type(header)
    assert {each for each in ("json", "text", "form", "xml", "multipart") if getattr(kind, f"is_{each}")} == is_a


def test_the_charset_is_utf_8_unless_it_is_given() -> None:
    assert media_type("text/plain").charset == media_type("text/plain; charset=").charset == "utf-8"
    assert media_type('text/plain; charset="latin1"').charset == "latin1"


def test_a_header_of_any_length_is_read() -> None:
    assert media_type(f"text/plain; a={'x' * 10_000}; charset=ascii").charset == "ascii"
