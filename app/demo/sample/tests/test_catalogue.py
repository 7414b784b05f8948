from shop.catalogue import find_product, search


def test_finds_by_sku():
    assert find_product("pan").name == "Cast-iron pan"
    assert find_product("teapot") is None


def test_searches_by_name():
    assert [product.sku for product in search(" Bowl ")] == ["bowl"]
    assert search("teapot") == []
