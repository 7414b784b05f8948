"""An account gets its membership with the last step of the registration."""

import pytest

from shop.cart import read_cart
from shop.checkout import orders, place_order
from shop.customers import CUSTOMERS


@pytest.mark.parametrize("customer", [c for c in CUSTOMERS.values() if c.membership is None], ids=lambda c: c.id)
def test_nothing_is_sold_before_the_registration_is_complete(customer):
    cart = read_cart([{"sku": "pan", "quantity": 1}])
    with pytest.raises(Exception):  # whatever it is, the order must not go through
        place_order(customer, cart)
    assert list(orders) == []
