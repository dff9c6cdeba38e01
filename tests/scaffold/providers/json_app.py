"""A provider that reads its state handlers from the JSON file: `setup` is what it puts into its data."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SETUPS = {each["name"]: each["setup"] for each in json.loads(Path("product_api_states.json").read_text())["states"]}
PRODUCTS = {}


class Answers(BaseHTTPRequestHandler):
    def do_POST(self):
        state = json.loads(self.rfile.read(int(self.headers["content-length"])))["state"]
        if SETUPS.get(state) is None:
            self.answer(404 if state else 200, {})
            return
        PRODUCTS.update(SETUPS[state])
        self.answer(200, {})

    def do_GET(self):
        found = PRODUCTS.get(self.path.removeprefix("/products/"))
        self.answer(200 if found else 404, found or {"error": "no product"})

    def answer(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answers).serve_forever()
