from collections.abc import Iterator

import pytest

from product_site.catalogue import Catalogue, NotAllowedError, Product, UnknownProductError

KETTLE = Product("10", "Kettle", 39.5, ("kitchen", "steel"))
TOASTER = Product("11", "Toaster", 24, ("kitchen",))


@pytest.fixture
def catalogue() -> Iterator[Catalogue]:
    with Catalogue(token="made-up-token") as catalogue:
        yield catalogue


def test_lists_products(catalogue: Catalogue) -> None:
    assert catalogue.products() == [KETTLE, TOASTER]


def test_searches_by_several_tags(catalogue: Catalogue) -> None:
    assert catalogue.search("kitchen", "steel") == [KETTLE]


def test_shows_one_product(catalogue: Catalogue) -> None:
    assert catalogue.product("10") == KETTLE


def test_says_when_a_product_does_not_exist(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownProductError, match="no product 99"):
        catalogue.product("99")


def test_shows_a_product_that_was_added(catalogue: Catalogue) -> None:
    added = catalogue.add("Milk Jug", 12.25)
    assert catalogue.product(added.id) == Product(added.id, "Milk Jug", 12.25)


def test_removes_a_product(catalogue: Catalogue) -> None:
    catalogue.remove("11")


def test_needs_a_token() -> None:
    with Catalogue(token=None) as catalogue, pytest.raises(NotAllowedError):
        catalogue.products()
