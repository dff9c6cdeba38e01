"""What every client of Python is put through; a client is a function (method, url, body=None) -> (status, text)."""

import json
import traceback
from concurrent.futures import ThreadPoolExecutor
from functools import partial

JSON = {"content-type": "application/json"}
SIZE = 5 * 1024 * 1024


def exercise(name, client, origin):
    at = f"{origin}/{name}"
    assert client("GET", f"{at}/item") == (200, '{"id":"10"}')
    assert client("POST", f"{at}/items", b'{"name":"Lamp"}') == (201, '{"name":"Lamp"}')
    assert client("PUT", f"{at}/upload", b"x" * SIZE) == (200, json.dumps({"size": SIZE}, separators=(",", ":")))
    assert client("DELETE", f"{at}/item") == (204, "")
    assert client("GET", f"{at}/old") == (200, '{"id":"10"}')
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(partial(client, "GET"), [f"{at}/parallel/{each}" for each in range(10)]))
    assert answers == [(200, f'{{"number":"{each}"}}') for each in range(10)]


def exercise_all(clients):
    for name, client in clients.items():
        for scheme, origin in (("plain", "http://plain.client.test"), ("TLS", "https://secure.client.test")):
            try:
                exercise(name, client, origin)
                print(f"ok {name} {scheme}", flush=True)
            except Exception:  # noqa: BLE001  # the next client has its turn whatever became of this one
                print(f"failed {name} {scheme}: {' | '.join(traceback.format_exc().splitlines())}", flush=True)
