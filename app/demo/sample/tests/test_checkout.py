from shop.cart import read_cart
from shop.checkout import loyalty_discount, orders, place_order
from shop.customers import CUSTOMERS


def test_members_get_their_discount(gold, silver):
    assert loyalty_discount(gold, 100_00) == 10_00
    assert loyalty_discount(silver, 100_00) == 5_00


def test_basic_members_pay_the_full_price():
    assert loyalty_discount(CUSTOMERS["c-1007"], 100_00) == 0


def test_small_orders_have_no_discount(gold):
    assert loyalty_discount(gold, 19_99) == 0


def test_an_order_is_priced_and_kept(gold):
    order = place_order(gold, read_cart([{"sku": "pan", "quantity": 1}]))
    assert order.discount == 6_40
    assert order.total == 64_00 - 6_40 + order.shipping
    assert list(orders) == [order]


def test_order_numbers_grow(silver):
    cart = read_cart([{"sku": "mug"}])
    assert place_order(silver, cart).number < place_order(silver, cart).number
