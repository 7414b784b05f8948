from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

import app.store
from app.core.errors import StoreUnavailable
from app.core.model import End, Handling, Incident, Outcome, Reason, Result, Stage, Stop
from app.store import MAX_ATTEMPTS, DeliveryState, Received, Store
from app.store.ledger import EVERYWHERE
from app.store.tables import metadata


@dataclass
class Clock:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'autofix.sqlite'}"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(url: str, clock: Clock) -> Iterator[Store]:
    store = Store(url, clock=clock)
    store.migrate()
    yield store
    store.close()


def _open(store: Store, issue: int = 3, fingerprint: str = "sentry:1") -> tuple[Incident, bool]:
    return store.open_incident(
        repository="acme/shop", repository_id=2**40, installation_id=77, issue=issue, fingerprint=fingerprint
    )


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(app.store.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


# Migrations ------------------------------------------------------------------------------------------------------


def test_the_migrations_make_exactly_the_tables(store: Store) -> None:
    with store._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        named = {
            item["name"]
            for table in metadata.tables
            for item in sa.inspect(connection).get_unique_constraints(table)
        }
    assert named == {"uq_deliveries_event", "uq_notices_incident"}


def test_migrating_again_changes_nothing_and_downgrading_leaves_nothing(store: Store) -> None:
    store.receive("g", "push", b"{}")
    store.migrate()
    assert len(store.waiting_deliveries()) == 1
    with store._engine.begin() as connection:
        command.downgrade(_config(connection), "base")
    with store._engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]
    store.migrate()
    assert store.ready()


def test_the_database_keeps_what_it_acknowledged(store: Store) -> None:
    with store._engine.connect() as connection:
        pragmas = [
            connection.execute(sa.text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert pragmas == ["wal", 2, 1]


def test_a_database_without_tables_is_not_ready(url: str) -> None:
    store = Store(url)
    assert not store.ready()
    store.migrate()
    assert store.ready()
    store.close()


# Deliveries ------------------------------------------------------------------------------------------------------


def test_a_delivery_is_kept_as_raw_bytes(store: Store) -> None:
    body = b'{"a": "\\ud800"}\x00\xff'
    assert store.receive("g-1", "issues", body) is Received.STORED
    (delivery,) = store.waiting_deliveries()
    assert (delivery.guid, delivery.event, delivery.body, delivery.attempts) == ("g-1", "issues", body, 0)


def test_w8_one_guid_is_one_row_however_often_it_comes(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: store.receive("g-1", "push", b"{}"), range(60)))
    assert sorted(results) == [Received.DUPLICATE] * 59 + [Received.STORED]
    assert len(store.waiting_deliveries()) == 1


@pytest.mark.parametrize(("event", "body"), [("push", b"{ }"), ("status", b"{}")])
def test_w9_the_first_body_of_a_guid_stands(store: Store, event: str, body: bytes) -> None:
    store.receive("g-1", "push", b"{}")
    assert store.receive("g-1", event, body) is Received.CONFLICT
    (delivery,) = store.waiting_deliveries()
    assert (delivery.event, delivery.body) == ("push", b"{}")


def test_w10_a_fresh_guid_does_not_make_an_old_body_new(store: Store) -> None:
    store.receive("g-1", "push", b"{}")
    store.settle_delivery("g-1", DeliveryState.DONE)
    assert store.receive("g-2", "push", b"{}") is Received.DUPLICATE
    assert store.waiting_deliveries() == []
    assert store.receive("g-2", "status", b"{}") is Received.STORED


def test_deliveries_wait_in_order_and_leave_when_settled(store: Store) -> None:
    for number in range(5):
        store.receive(f"g-{number}", "push", str(number).encode())
    assert [delivery.guid for delivery in store.waiting_deliveries(3)] == ["g-0", "g-1", "g-2"]
    store.settle_delivery("g-0", DeliveryState.IGNORED)
    store.settle_delivery("g-2", DeliveryState.POISON, "x" * 900)
    assert [delivery.guid for delivery in store.waiting_deliveries()] == ["g-1", "g-3", "g-4"]


def test_w25_a_delivery_is_given_up_after_its_last_attempt(store: Store) -> None:
    store.receive("g-1", "push", b"{}")
    states = [store.retry_delivery("g-1", "KeyError") for _ in range(MAX_ATTEMPTS)]
    assert states == [DeliveryState.RECEIVED] * (MAX_ATTEMPTS - 1) + [DeliveryState.FAILED]
    assert store.waiting_deliveries() == []


@pytest.mark.parametrize("guid", ["g-1", "g-9"])
def test_a_redelivery_takes_a_failed_one_up_again(store: Store, guid: str) -> None:
    store.receive("g-1", "push", b"{}")
    store.settle_delivery("g-1", DeliveryState.FAILED)
    assert store.receive(guid, "push", b"{}") is Received.DUPLICATE
    (delivery,) = store.waiting_deliveries()
    assert (delivery.guid, delivery.attempts) == ("g-1", 0)


@pytest.mark.parametrize("state", [DeliveryState.DONE, DeliveryState.IGNORED, DeliveryState.POISON])
def test_a_redelivery_of_a_settled_one_changes_nothing(store: Store, state: DeliveryState) -> None:
    store.receive("g-1", "push", b"{}")
    store.settle_delivery("g-1", state)
    assert store.receive("g-1", "push", b"{}") is Received.DUPLICATE
    assert store.waiting_deliveries() == []


def test_w23_a_full_disk_is_a_fault_and_passes(store: Store) -> None:
    @sa.event.listens_for(store._engine, "begin")
    def fill(connection: sa.Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count=1")

    with pytest.raises(StoreUnavailable):
        store.receive("g-1", "push", b"x" * 200_000)
    sa.event.remove(store._engine, "begin", fill)
    with store._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    assert store.receive("g-1", "push", b"x" * 200_000) is Received.STORED


@pytest.mark.parametrize("before", [(), ("g-1",)], ids=["new", "duplicate"])
def test_w23_a_read_only_database_is_a_fault(store: Store, before: tuple[str, ...]) -> None:
    for guid in before:
        store.receive(guid, "push", b"{}")

    @sa.event.listens_for(store._engine, "begin")
    def freeze(connection: sa.Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only=1")

    with pytest.raises(StoreUnavailable):
        store.receive("g-1", "push", b"{}")


def test_w23_a_locked_database_is_a_fault_and_passes(store: Store, tmp_path: Path) -> None:
    @sa.event.listens_for(store._engine, "begin")
    def hurry(connection: sa.Connection) -> None:
        connection.exec_driver_sql("PRAGMA busy_timeout=20")

    other = sqlite3.connect(tmp_path / "autofix.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailable):
        store.receive("g-1", "push", b"{}")
    other.execute("ROLLBACK")
    other.close()
    assert store.receive("g-1", "push", b"{}") is Received.STORED


def test_w23_a_database_without_tables_is_a_fault(url: str) -> None:
    store = Store(url)
    with pytest.raises(StoreUnavailable):
        store.receive("g-1", "push", b"{}")
    store.close()


# Incidents -------------------------------------------------------------------------------------------------------


def test_one_fingerprint_is_one_incident_while_it_runs(store: Store) -> None:
    first, new = _open(store)
    again, known = _open(store, issue=4)
    assert (new, known) == (True, False)
    assert again == first
    assert first.id.startswith(f"inc-{2**40}-")
    assert _open(store, fingerprint="sentry:2")[0].id != first.id


def test_a_fingerprint_that_comes_back_in_a_new_issue_is_a_new_incident(store: Store) -> None:
    first, _ = _open(store)
    store.end_incident(first.id, Outcome(Result.FIXED, "fine"))
    assert _open(store) == (first, False)
    second, new = _open(store, issue=4)
    assert (second.id, second.issue, new) == (f"{first.id}-2", 4, True)
    store.end_incident(second.id, Outcome(Result.FIXED, "fine"))
    assert _open(store, issue=5)[0].id == f"{first.id}-3"


def test_an_incident_is_seen_as_it_goes(store: Store) -> None:
    incident, _ = _open(store)
    store.enter_stage(incident.id, Stage.MERGE)
    (row,) = store.incidents(repository_id=2**40, running=True)
    assert (row.stage, row.pull_request, row.ended_at, row.repository_id) == ("merge", None, None, 2**40)
    assert store.incidents(repository_id=2) == []
    stop = Stop(Stage.MERGE, Reason.CLOSED, "closed")
    store.end_incident(incident.id, Outcome(Result.ESCALATED, "a person has it", stop, 9))
    assert store.incidents(running=True) == []
    (row,) = store.incidents()
    assert (row.result, row.reason, row.summary) == ("escalated", "closed", "a person has it")


def test_ending_twice_keeps_the_time_of_the_end(store: Store) -> None:
    incident, _ = _open(store)
    store.end_incident(incident.id, Outcome(Result.FIXED, "first"))
    ended = store.incidents()[0].ended_at
    store.end_incident(incident.id, Outcome(Result.FIXED, "second"))
    (row,) = store.incidents()
    assert (row.ended_at, row.summary) == (ended, "second")


def test_steps_are_listed_in_order_of_time(store: Store) -> None:
    incident, _ = _open(store)
    store.record_step(incident.id, Stage.FIX, "fix", 20.0, 0.5, "Patch")
    store.record_step(incident.id, Stage.DETECT, "detect", 10.0, 0.1, "Finding")
    assert [(step.stage, step.name, step.seconds) for step in store.steps(incident.id)] == [
        ("detect", "detect", 0.1),
        ("fix", "fix", 0.5),
    ]
    with pytest.raises(sa.exc.IntegrityError):
        store.record_step("inc-none", Stage.FIX, "fix", 1.0, 1.0, "")


# Track record ----------------------------------------------------------------------------------------------------


def test_trust_is_counted_per_repository_and_pattern_and_once_per_incident(store: Store) -> None:
    blamed = (Reason.NOT_FIXED, Reason.ROLLED_BACK)
    ends = [
        Outcome(Result.FIXED, ""),
        Outcome(Result.FIXED, ""),
        Outcome(Result.ESCALATED, "", Stop(Stage.OBSERVE, Reason.NOT_FIXED, "")),
        Outcome(Result.ESCALATED, "", Stop(Stage.OBSERVE, Reason.INCONCLUSIVE, "")),
    ]
    for number, outcome in enumerate(ends):
        incident, _ = _open(store, fingerprint=f"sentry:{number}")
        for _ in range(2):
            store.ledger.remember(incident, "null-safety", "guard", outcome)
    record = store.ledger.track_record(2**40, "guard", blamed)
    assert (record.fixed, record.failed) == (2, 1)
    assert store.ledger.track_record(2**40, "other", blamed).fixed == 0
    assert store.ledger.track_record(2, "guard", blamed).fixed == 0
    last, _ = _open(store, fingerprint="sentry:0")
    store.ledger.remember(replace(last), "null-safety", "guard", ends[2])
    assert store.ledger.track_record(2**40, "guard", blamed).failed == 2


# The ledger ------------------------------------------------------------------------------------------------------

MENDED = Outcome(Result.FIXED, "fixed")


def _ended(store: Store, outcome: Outcome = MENDED, *, issue: int = 3, **remembered: bool) -> Incident:
    incident, _ = _open(store, issue, f"sentry:{issue}")
    store.ledger.remember(incident, "null-safety", "guard", outcome, **remembered)
    store.end_incident(incident.id, outcome)
    return incident


def test_what_people_did_with_a_proposal_is_kept_when_it_ends_again(store: Store) -> None:
    proposed = Outcome(Result.PROPOSED, "waits", Stop(Stage.MERGE, Reason.NEEDS_REVIEW, "shadow"))
    incident = _ended(store, proposed, would_merge=True)
    store.ledger.handled(incident.id, Handling.MERGED)
    store.ledger.remember(incident, "null-safety", "guard", MENDED)

    (attempt,) = store.ledger.attempts(2**40)

    assert (attempt.would_merge, attempt.handling, attempt.end) == (True, Handling.MERGED, End.VERIFIED)
    assert store.ledger.attempts(2) == []


def test_a_reverted_fix_speaks_against_its_pattern_and_category(store: Store) -> None:
    incident = _ended(store)
    store.ledger.reverted(incident.id)
    (attempt,) = store.ledger.attempts(2**40)
    record = store.ledger.track_record(2**40, "guard", ())
    assert (attempt.end, record.fixed, record.failed) == (End.REVERTED, 0, 1)


def test_m22_merges_are_counted_for_a_day_and_by_file(store: Store, clock: Clock) -> None:
    for issue, by in ((1, None), (2, "ada"), (3, None)):
        incident = _ended(store, issue=issue)
        store.keep_case(incident.id, "{}", 40 + issue, f"shop/{issue}.py")
        store.note_merge(incident.id, "d" * 40, clock.now)
        if by is not None:
            store.resume_incident(incident.id, f"{incident.id}+x", by)
    ledger = store.ledger
    assert ledger.merges_today(2**40) == 2, "a merge that a person let happen costs no budget"
    assert ledger.file_merged_at(2**40, "shop/2.py") is not None
    assert ledger.file_merged_at(2**40, "shop/9.py") is None
    clock.now += 90_000
    assert ledger.merges_today(2**40) == 0
    assert ledger.file_merged_at(2**40, "shop/2.py") is not None


def test_m22_earlier_fixes_of_the_same_anomaly_are_counted(store: Store) -> None:
    first = _ended(store)
    store.keep_case(first.id, "{}", 9, None)
    again, new = store.open_incident(
        repository="acme/shop",
        repository_id=2**40,
        installation_id=77,
        issue=3,
        fingerprint="sentry:3",
        again=True,
    )
    assert (new, again.id) == (True, f"{first.id}-2")
    assert (store.ledger.fixes_of(again), store.ledger.fixes_of(first)) == (1, 0)


def test_a_pause_holds_for_one_repository_or_for_all(store: Store) -> None:
    ledger = store.ledger
    ledger.pause(1, "ada")
    ledger.pause(1, "bob")
    assert (ledger.paused_by(1), ledger.paused_by(2)) == ("bob", None)
    ledger.pause(EVERYWHERE, "the operator")
    ledger.resume(1)
    assert (ledger.paused_by(1), ledger.paused_by(2)) == ("the operator", "the operator")
    ledger.resume(EVERYWHERE)
    assert ledger.paused_by(1) is None


def test_a_pardon_is_of_one_category(store: Store, clock: Clock) -> None:
    assert store.ledger.pardoned_at(1, "null-safety") == 0
    store.ledger.pardon(1, "null-safety", "ada")
    assert store.ledger.pardoned_at(1, "null-safety") == clock.now
    assert store.ledger.pardoned_at(1, "wrong-type") == 0
    assert store.ledger.pardoned_at(2, "null-safety") == 0


def test_an_ended_incident_goes_on_in_another_workflow(store: Store) -> None:
    incident = _ended(store)
    row = store.incident(incident.id)
    assert row is not None
    assert (row.workflow_id, row.ended_at is None, row.identity) == (incident.id, False, incident)
    store.keep_case(incident.id, '{"a": 1}', 9, "shop/x.py")
    store.resume_incident(incident.id, f"{incident.id}+merged", "ada")
    row = store.incident_of_pull(2**40, 9)
    assert row is not None
    assert (row.workflow_id, row.ended_at, row.approved_by) == (f"{incident.id}+merged", None, "ada")
    assert store.case_file(incident.id) == '{"a": 1}'
    assert store.incident_of_pull(2**40, 10) is None
    assert store.incident("inc-0") is None


@pytest.mark.parametrize(
    "text", ["$(id)", "`id`", "{curl,-s,x}|bash", "--upload-pack=x", "../..", "a\nb", "é" * 500]
)
def test_i16_an_incidents_name_holds_nothing_of_what_it_reports(store: Store, text: str) -> None:
    """Branches and workflows are named after it."""
    for _ in range(2):
        incident, new = store.open_incident(
            repository="acme/shop", repository_id=1, installation_id=7, issue=3, fingerprint=text, again=True
        )
        assert new
        assert re.fullmatch(r"inc-1-[0-9a-f]{10}(-2)?", incident.id)
        store.end_incident(incident.id, Outcome(Result.FIXED, "fixed"))
