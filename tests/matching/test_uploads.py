"""Uploads are matched and forgotten: nothing keeps a request alive that has been decided about."""

from __future__ import annotations

import weakref

import pytest

from interceptor.values.decisions import Mocked
from interceptor.values.messages import Request
from tests.engines import BuildEngine

HANDLERS = """\
provider: Product API
handlers:
  - request: {method: POST, path: /pictures, multipart: {picture: {filename: other.png}}}
  - request: {method: POST, path: /pictures, multipart: {picture: {content_type: image/png}}}
    response: {status: 201, json: {name: "{{ request.multipart.picture.filename }}"}}
"""
SIZE = 30_000_000


def upload(number: int) -> Request:
    head = f'--b\r\ncontent-disposition: form-data; name="picture"; filename="{number}.png"\r\n'
    body = f"{head}content-type: image/png\r\n\r\n".encode() + bytes(SIZE) + b"\r\n--b--\r\n"
    headers = (("content-type", "multipart/form-data; boundary=b"),)
    return Request("POST", "https://api.example.com/v1/pictures", headers, body)


@pytest.mark.slow
def test_no_upload_stays_in_memory(build_engine: BuildEngine) -> None:
    engine = build_engine(HANDLERS)
    kept: list[weakref.ref[Request]] = []
    for number in range(10):
        request = upload(number)
        decision = engine.decide(request)
        assert isinstance(decision, Mocked)
        assert decision.response.body == f'{{"name":"{number}.png"}}'.encode()
        kept.append(weakref.ref(request))
        del request
    assert [each() for each in kept] == [None] * 10


def test_a_request_knows_its_parts_once() -> None:
    request = upload(1)
    parts = request.multipart
    assert parts is not None
    assert [(part.name, part.filename, part.size) for part in parts] == [("picture", "1.png", SIZE)]
    assert request.multipart is parts
