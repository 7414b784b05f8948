from collections import deque
from itertools import count

from shop.models import Cart, Customer, Order
from shop.shipping import shipping_cost

MINIMUM_FOR_DISCOUNT = 20_00
DISCOUNTS = {"silver": 5, "gold": 10}  # percent

orders: deque[Order] = deque(maxlen=1000)
numbers = count(1)


def loyalty_discount(customer: Customer, subtotal: int) -> int:
    """Cents off for members of the loyalty programme."""
    if subtotal < MINIMUM_FOR_DISCOUNT:
        return 0
    if customer.membership is None:
        return 0
    percent = DISCOUNTS.get(customer.membership.level, 0)
    return subtotal * percent // 100


def place_order(customer: Customer, cart: Cart) -> Order:
    """Price the cart for this customer and keep the order."""
    order = Order(
        number=next(numbers),
        customer=customer.id,
        subtotal=cart.subtotal,
        discount=loyalty_discount(customer, cart.subtotal),
        shipping=shipping_cost(cart, customer.address),
    )
    orders.append(order)
    return order
