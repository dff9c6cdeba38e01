from shop import product


def test_reads_a_product():
    assert product("10") == {"id": "10", "name": "Lamp"}


def test_is_told_of_what_is_missing():
    assert product("11") is None
