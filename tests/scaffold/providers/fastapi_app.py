import sys

import uvicorn
from fastapi import FastAPI, HTTPException
from product_api_states import PRODUCTS, states

app = FastAPI()
app.include_router(states)


@app.get("/products/{product}")
def read(product: str):
    if product not in PRODUCTS:
        raise HTTPException(404)
    return PRODUCTS[product]


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
