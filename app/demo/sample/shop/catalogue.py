from shop.models import Product

PRODUCTS = {
    product.sku: product
    for product in (
        Product("mug", "Stoneware mug", 14_50, 380),
        Product("bowl", "Breakfast bowl", 19_00, 520),
        Product("pan", "Cast-iron pan", 64_00, 3100),
        Product("knife", "Paring knife", 27_90, 140),
        Product("towel", "Linen towel", 11_20, 120),
        Product("gift-card", "Gift card", 25_00, 0),
    )
}


def find_product(sku: str) -> Product | None:
    return PRODUCTS.get(sku)


def search(text: str) -> list[Product]:
    wanted = text.strip().lower()
    return [product for product in PRODUCTS.values() if wanted in product.name.lower()]
