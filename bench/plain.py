"""The three lines that mitmdump is measured with: `mitmdump -s bench/plain.py`."""

from mitmproxy import http


def request(flow: http.HTTPFlow) -> None:
    body = b'{"id":"10","name":"Kettle","price":39.5}'
    flow.response = http.Response.make(200, body, {"content-type": "application/json"})
