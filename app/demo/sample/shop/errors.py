class ShopError(Exception):
    """What a customer did wrong; the web layer answers 422 with the message."""


class UnknownProduct(ShopError):
    pass


class EmptyCart(ShopError):
    pass


class BadQuantity(ShopError):
    pass
