import pytest

from shop.cart import read_cart
from shop.models import Address
from shop.shipping import shipping_cost


@pytest.mark.parametrize(
    ("country", "cents"), [("DE", 3_90 + 50), ("NL", 7_90 + 1_20), ("PT", 12_90 + 2_40)]
)
def test_the_zone_decides(country, cents):
    cart = read_cart([{"sku": "mug"}])
    assert shipping_cost(cart, Address("Street 1", "Town", country)) == cents


def test_every_started_kilo_counts():
    cart = read_cart([{"sku": "pan", "quantity": 1}])
    assert shipping_cost(cart, Address("Street 1", "Town", "NL")) == 7_90 + 4 * 1_20


def test_gift_cards_need_no_parcel():
    cart = read_cart([{"sku": "gift-card"}])
    assert shipping_cost(cart, Address("Street 1", "Town", "PT")) == 0


def test_large_orders_ship_free_at_home():
    cart = read_cart([{"sku": "pan", "quantity": 3}])
    assert shipping_cost(cart, Address("Street 1", "Town", "DE")) == 0
    assert shipping_cost(cart, Address("Street 1", "Town", "AT")) > 0
