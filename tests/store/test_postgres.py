"""The store on a real Postgres: the same migrations, the same answers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from app.core.model import Outcome, Reason, Result, Stage, Stop
from app.store import DeliveryState, Received, Store
from app.store.tables import metadata
from postgres import binaries, cluster

PROGRAMS = binaries()
pytestmark = pytest.mark.skipif(PROGRAMS is None, reason="Postgres is not installed on this machine")
pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    assert PROGRAMS is not None
    with cluster(PROGRAMS) as address:
        yield address


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = Store(url)
    store.migrate()
    yield store
    store.close()


def test_the_migrations_make_the_tables(store: Store, url: str) -> None:
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
    assert store.ready()


def test_a_delivery_is_stored_once_by_guid_and_by_body(store: Store) -> None:
    assert store.receive("g-1", "issues", b"{}") is Received.STORED
    assert store.receive("g-1", "issues", b"{}") is Received.DUPLICATE
    assert store.receive("g-2", "issues", b"{}") is Received.DUPLICATE
    assert store.receive("g-1", "issues", b"[]") is Received.CONFLICT
    (delivery,) = store.waiting_deliveries()
    store.settle_delivery(delivery.guid, DeliveryState.DONE)
    assert store.waiting_deliveries() == []


def test_many_at_once_open_one_incident(store: Store) -> None:
    def open_it(_: int) -> str:
        incident, _new = store.open_incident(
            repository="acme/shop",
            repository_id=2**40,
            installation_id=2**40,
            issue=1,
            fingerprint="sentry:9",
        )
        return incident.id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(open_it, range(16)))) == 1
    (row,) = store.incidents(repository_id=2**40, running=True)
    store.record_step(row.id, Stage.DETECT, "detect", 1.0, 0.5, "Finding")
    stop = Stop(Stage.INVESTIGATE, Reason.NOVEL, "no diagnosis")
    store.end_incident(row.id, Outcome(Result.ESCALATED, "handed over", stop))
    assert [step.name for step in store.steps(row.id)] == ["detect"]
    assert store.incidents(running=True) == []
