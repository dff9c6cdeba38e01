import httpx
import respx
from shop import API, product


@respx.mock
def test_reads_a_product():
    respx.get(f"{API}/products/10").mock(return_value=httpx.Response(200, json={"id": "10", "name": "Lamp"}))
    assert product("10") == {"id": "10", "name": "Lamp"}


@respx.mock
def test_is_told_of_what_is_missing():
    respx.get(f"{API}/products/11").mock(return_value=httpx.Response(404))
    assert product("11") is None
