import asyncio

from aiohttp.test_utils import TestClient, TestServer

from shop.web import create_app


def ask(method, path, **options):
    """The status and the JSON body of one request to a fresh server."""

    async def once():
        async with TestClient(TestServer(create_app("shop@test"))) as client:
            answer = await client.request(method, path, **options)
            return answer.status, await answer.json()

    return asyncio.run(once())


def test_health_names_the_release():
    assert ask("GET", "/healthz") == (200, {"status": "ok", "release": "shop@test"})


def test_products_are_listed_and_searched():
    status, found = ask("GET", "/products")
    assert status == 200
    assert len(found) > 3
    assert [item["sku"] for item in ask("GET", "/products?q=knife")[1]] == ["knife"]


def test_one_product():
    assert ask("GET", "/products/mug")[1]["price"] == 14_50
    assert ask("GET", "/products/teapot")[0] == 404


def test_a_cart_is_priced():
    assert ask("POST", "/cart", json={"lines": [{"sku": "mug"}]}) == (200, {"subtotal": 14_50, "grams": 380})


def test_a_member_checks_out():
    status, body = ask("POST", "/checkout", json={"customer": "c-1001", "lines": [{"sku": "mug", "quantity": 2}]})
    assert status == 201
    assert "Discount: -2.90 EUR" in body["receipt"]


def test_refusals_are_answers():
    assert ask("POST", "/checkout", json={"customer": "c-0"})[0] == 404
    assert ask("POST", "/checkout", json={"customer": "c-1001", "lines": []})[0] == 422
