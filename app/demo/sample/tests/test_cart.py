import pytest

from shop.cart import read_cart
from shop.errors import BadQuantity, EmptyCart, UnknownProduct


def test_prices_and_weighs_the_lines():
    cart = read_cart([{"sku": "mug", "quantity": 2}, {"sku": "towel"}])
    assert cart.subtotal == 2 * 14_50 + 11_20
    assert cart.grams == 2 * 380 + 120


def test_an_empty_cart_is_refused():
    with pytest.raises(EmptyCart):
        read_cart([])


def test_unknown_products_are_refused():
    with pytest.raises(UnknownProduct, match="teapot"):
        read_cart([{"sku": "teapot"}])


@pytest.mark.parametrize("quantity", [0, -1, 21, "2", None])
def test_quantities_are_checked(quantity):
    with pytest.raises(BadQuantity):
        read_cart([{"sku": "mug", "quantity": quantity}])
