from dataclasses import dataclass, field


@dataclass(frozen=True)
class Product:
    sku: str
    name: str
    price: int  # cents
    grams: int


@dataclass(frozen=True)
class Address:
    street: str
    city: str
    country: str


@dataclass(frozen=True)
class Membership:
    level: str
    points: int


@dataclass(frozen=True)
class Customer:
    id: str
    name: str
    address: Address
    membership: Membership | None = None
    card: str = ""


@dataclass(frozen=True)
class Line:
    product: Product
    quantity: int

    @property
    def total(self) -> int:
        return self.product.price * self.quantity

    @property
    def grams(self) -> int:
        return self.product.grams * self.quantity


@dataclass(frozen=True)
class Cart:
    lines: list[Line] = field(default_factory=list)

    @property
    def subtotal(self) -> int:
        return sum(line.total for line in self.lines)

    @property
    def grams(self) -> int:
        return sum(line.grams for line in self.lines)


@dataclass(frozen=True)
class Order:
    number: int
    customer: str
    subtotal: int
    discount: int
    shipping: int

    @property
    def total(self) -> int:
        return self.subtotal - self.discount + self.shipping
