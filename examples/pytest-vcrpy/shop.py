import requests

API = "https://api.example.com/v1"


def product(number):
    response = requests.get(f"{API}/products/{number}", timeout=10)
    return None if response.status_code == 404 else response.json()


def add(name):
    return requests.post(f"{API}/products", json={"name": name}, timeout=10).json()
