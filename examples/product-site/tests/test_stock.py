from datetime import UTC, datetime

from product_site import stock


def test_asks_again_while_the_stock_is_busy() -> None:
    assert stock.available("10") == 7


def test_reserves_for_a_while() -> None:
    reservation = stock.reserve("10", 2)
    assert reservation.id
    assert reservation.until > datetime.now(UTC)
