"""The Product API: products by id, kept in memory."""

from itertools import count

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI(title="Product API", version="1")


class NewProduct(BaseModel):
    name: str
    price: float = Field(gt=0)


class Product(NewProduct):
    id: str


products: dict[str, Product] = {}
ids = count(1)


class Problem(BaseModel):
    detail: str


@app.get("/products/{id}", responses={404: {"model": Problem}})
def one(id: str) -> Product:  # noqa: A002  # FastAPI reads the parameter's name
    if id not in products:
        raise HTTPException(404, f"there is no product {id}")
    return products[id]


@app.post("/products", status_code=201)
def add(new: NewProduct) -> Product:
    product = Product(id=str(next(ids)), **new.model_dump())
    products[product.id] = product
    return product
