"""The Product API of docs/workflow.md: its products have a weight once there is a file of that name."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PRODUCTS = {}


class Answers(BaseHTTPRequestHandler):
    def do_POST(self):
        state = json.loads(self.rfile.read(int(self.headers["content-length"])))["state"]
        PRODUCTS.clear()
        if state == "product 10 exists":
            PRODUCTS["/v1/products/10"] = {"id": "10", "name": "Kettle"}
        self.answer(200, {})

    def do_GET(self):
        found = PRODUCTS.get(self.path)
        if self.headers["authorization"] != "Bearer the-real-token":
            self.answer(401, {"error": "no token"})
        elif found is None:
            self.answer(404, {"error": "no product"})
        else:
            self.answer(200, {**found, "weight": 800} if Path("weight").exists() else found)

    def answer(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answers).serve_forever()
