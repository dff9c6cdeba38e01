import httpx
import respx
from shop import API, add


@respx.mock
def test_adds_a_product():
    respx.post(f"{API}/products").mock(return_value=httpx.Response(201, json={"id": "12", "name": "Desk"}))
    assert add("Desk") == {"id": "12", "name": "Desk"}
