from collections.abc import Iterable, Mapping
from typing import Any

from shop.catalogue import find_product
from shop.errors import BadQuantity, EmptyCart, UnknownProduct
from shop.models import Cart, Line

MOST_OF_ONE = 20


def read_cart(items: Iterable[Mapping[str, Any]]) -> Cart:
    """The cart of a request: `[{"sku": "mug", "quantity": 2}, ...]`."""
    lines = [read_line(item) for item in items]
    if not lines:
        raise EmptyCart("the cart is empty")
    return Cart(lines)


def read_line(item: Mapping[str, Any]) -> Line:
    product = find_product(str(item.get("sku", "")))
    if product is None:
        raise UnknownProduct(f"there is no product {item.get('sku')!r}")
    quantity = item.get("quantity", 1)
    if not isinstance(quantity, int) or not 1 <= quantity <= MOST_OF_ONE:
        raise BadQuantity(f"a quantity is a number from 1 to {MOST_OF_ONE}")
    return Line(product, quantity)
