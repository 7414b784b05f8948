from shop.customers import greeting
from shop.models import Cart, Customer, Order


def money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d} EUR"


def points_line(customer: Customer, order: Order) -> str:
    if customer.membership is None:
        return ""
    return f"Points: {customer.membership.points} + {order.subtotal // 100}"


def level_line(customer: Customer) -> str:
    """What a member is; the basic level comes with every membership, so it is not worth a line."""
    if customer.membership.level == "basic":
        return ""
    return f"Member: {customer.membership.level}"


def card_line(customer: Customer) -> str:
    if not customer.card:
        return ""
    return f"Card: **** {int(customer.card[-4:]):04d}"


def render_receipt(customer: Customer, cart: Cart, order: Order) -> str:
    """The text of the receipt, one line per item and then the sums."""
    lines = [f"Order {order.number}"]
    lines += [f"{line.quantity} x {line.product.name}: {money(line.total)}" for line in cart.lines]
    if order.discount:
        lines.append(f"Discount: -{money(order.discount)}")
    lines.append(f"Shipping: {money(order.shipping)}")
    lines.append(f"Total: {money(order.total)}")
    lines += [card_line(customer), level_line(customer), points_line(customer, order), greeting(customer)]
    return "\n".join(line for line in lines if line)
