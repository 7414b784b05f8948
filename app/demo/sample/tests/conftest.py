import pytest

from shop.checkout import orders
from shop.customers import CUSTOMERS


@pytest.fixture(autouse=True)
def no_orders():
    orders.clear()
    yield
    orders.clear()


@pytest.fixture
def gold():
    return CUSTOMERS["c-1001"]


@pytest.fixture
def silver():
    return CUSTOMERS["c-1002"]
