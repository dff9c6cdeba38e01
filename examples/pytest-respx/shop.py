import httpx

API = "https://api.example.com/v1"


def product(number):
    response = httpx.get(f"{API}/products/{number}")
    return None if response.status_code == 404 else response.json()


def add(name):
    return httpx.post(f"{API}/products", json={"name": name}).json()
