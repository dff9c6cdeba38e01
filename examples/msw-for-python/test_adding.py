from shop import add


def test_adds_a_product():
    assert add("Desk") == {"id": "12", "name": "Desk"}
