from shop.cart import read_cart
from shop.checkout import place_order
from shop.customers import CUSTOMERS
from shop.receipts import money, render_receipt


def test_money_has_two_decimals():
    assert money(5) == "0.05 EUR"
    assert money(12_30) == "12.30 EUR"


def test_a_receipt_shows_what_was_bought_and_paid(gold):
    cart = read_cart([{"sku": "pan", "quantity": 1}, {"sku": "mug", "quantity": 2}])
    order = place_order(gold, cart)
    assert render_receipt(gold, cart, order).splitlines() == [
        f"Order {order.number}",
        "1 x Cast-iron pan: 64.00 EUR",
        "2 x Stoneware mug: 29.00 EUR",
        "Discount: -9.30 EUR",
        "Shipping: 22.50 EUR",
        "Total: 106.20 EUR",
        "Card: **** 1001",
        "Member: gold",
        "Points: 4120 + 93",
        "Thank you, Ines! You are a gold member.",
    ]


def test_the_basic_level_is_not_shown():
    cart = read_cart([{"sku": "towel"}])
    customer = CUSTOMERS["c-1007"]
    assert "Member:" not in render_receipt(customer, cart, place_order(customer, cart))


def test_no_discount_line_without_a_discount(silver):
    cart = read_cart([{"sku": "towel"}])
    assert "Discount" not in render_receipt(silver, cart, place_order(silver, cart))
