import sys

from flask import Flask
from product_api_states import PRODUCTS, states
from werkzeug.serving import make_server

app = Flask(__name__)
app.register_blueprint(states)


@app.get("/products/<product>")
def read(product):
    return PRODUCTS.get(product) or ({"error": "no product"}, 404)


make_server("127.0.0.1", int(sys.argv[1]), app).serve_forever()
