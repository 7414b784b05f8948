from dataclasses import asdict
from typing import Any

from aiohttp import web

from shop.cart import read_cart
from shop.catalogue import PRODUCTS, find_product, search
from shop.checkout import place_order
from shop.customers import find_customer
from shop.errors import ShopError
from shop.receipts import render_receipt
from shop.reporting import USER, Agent, report_to

RELEASE = web.AppKey("release", str)


def create_app(release: str, agent: Agent | None = None) -> web.Application:
    app = web.Application(middlewares=[refusals])
    app[RELEASE] = release
    if agent is not None:
        report_to(agent, app)
    app.add_routes(
        [
            web.get("/healthz", health),
            web.get("/products", products),
            web.get("/products/{sku}", product),
            web.post("/cart", cart),
            web.post("/checkout", checkout),
        ]
    )
    return app


@web.middleware
async def refusals(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        return await handler(request)
    except ShopError as error:
        return web.json_response({"error": str(error)}, status=422)


async def health(request: web.Request) -> web.Response:
    return web.json_response({"status": "ok", "release": request.app[RELEASE]})


async def products(request: web.Request) -> web.Response:
    text = request.query.get("q")
    found = search(text) if text else PRODUCTS.values()
    return web.json_response([asdict(item) for item in found])


async def product(request: web.Request) -> web.Response:
    found = find_product(request.match_info["sku"])
    if found is None:
        return web.json_response({"error": "no such product"}, status=404)
    return web.json_response(asdict(found))


async def cart(request: web.Request) -> web.Response:
    body = await request.json()
    found = read_cart(body.get("lines", []))
    return web.json_response({"subtotal": found.subtotal, "grams": found.grams})


async def checkout(request: web.Request) -> web.Response:
    body = await request.json()
    customer = find_customer(body.get("customer", ""))
    if customer is None:
        return web.json_response({"error": "no such customer"}, status=404)
    request[USER] = customer.id
    found = read_cart(body.get("lines", []))
    order = place_order(customer, found)
    receipt = render_receipt(customer, found, order)
    return web.json_response({"order": order.number, "total": order.total, "receipt": receipt}, status=201)
