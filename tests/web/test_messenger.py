"""What waits in the outbox is sent in time, never as a storm, and never twice, whatever crashes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from app.clients.notify import Notifier, Receipt, Sent
from app.core.calling import Severity
from app.core.model import Incident
from app.core.notice import WINDOW_SECONDS, Notice
from app.store import Store
from app.store.outbox import NoticeState
from app.web.messenger import RETRY_PAUSES, Messenger
from receiver import receiving

INFO, URGENT = Severity.INFO, Severity.URGENT


@dataclass
class Clock:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Crash(BaseException):
    """The process ends here."""


@dataclass
class Chat:
    """Targets that note what they get, and answer as they are told."""

    answers: list[Receipt | Crash] = field(default_factory=list)
    got: list[tuple[str, str, str]] = field(default_factory=list)
    names: frozenset[str] = frozenset({"chat", "pager"})

    async def send(self, target: str, title: str, text: str, _severity: Severity) -> Receipt:
        self.got.append((target, title, text))
        answer = self.answers.pop(0) if self.answers else Receipt(Sent.DELIVERED)
        if isinstance(answer, Crash):
            raise answer
        return answer


@dataclass
class Place:
    """A store with one incident, a clock, and a chat."""

    store: Store
    clock: Clock
    incident: Incident
    chat: Chat

    def messenger(self, limit: int = 10) -> Messenger:
        return Messenger(cast("Notifier", self.chat), self.store, limit, clock=self.clock)

    def put(self, change: str, target: str = "chat", severity: Severity = INFO, after: float = 0.0) -> bool:
        notice = Notice(self.incident.id, change, severity, f"acme/shop #3: {change}", "why\nlink")
        return self.store.outbox.put(notice, target, self.clock.now + after)

    def states(self) -> list[tuple[str, str]]:
        return [(row.change, row.state) for row in reversed(self.store.outbox.recent())]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    clock = Clock()
    store = Store(f"sqlite:///{tmp_path / 'autofix.sqlite'}", clock=clock)
    store.migrate()
    incident, _ = store.open_incident(
        repository="acme/shop", repository_id=1, installation_id=7, issue=3, fingerprint="sentry:1"
    )
    yield Place(store, clock, incident, Chat())
    store.close()


async def test_each_change_is_sent_once_to_each_target(place: Place) -> None:
    assert place.put("merged")
    assert not place.put("merged")
    assert place.put("merged", "pager")
    await place.messenger().look()
    await place.messenger().look()
    assert not place.put("merged")
    await place.messenger().look()
    assert sorted(place.chat.got) == [
        ("chat", "acme/shop #3: merged", "why\nlink"),
        ("pager", "acme/shop #3: merged", "why\nlink"),
    ]


async def test_what_is_not_due_waits(place: Place) -> None:
    place.put("merged", after=3600)
    place.put("escalated", severity=URGENT)
    await place.messenger().look()
    assert [title for _, title, _ in place.chat.got] == ["acme/shop #3: escalated"]
    place.clock.now += 3600
    await place.messenger().look()
    assert [title for _, title, _ in place.chat.got][1:] == ["acme/shop #3: merged"]


async def test_what_came_in_a_quiet_night_comes_as_one_in_the_morning(place: Place) -> None:
    for number in range(20):
        place.put(f"change {number}", after=3600 - number)
    await place.messenger().look()
    assert place.chat.got == []
    place.clock.now += 3600
    await place.messenger().look()
    ((_, title, text),) = place.chat.got
    assert title == "20 changes of incidents"
    assert "- acme/shop #3: change 19" in text
    assert {state for _, state in place.states()} == {NoticeState.SENT}


async def test_a_crash_between_the_sending_and_its_record_sends_nothing_twice(place: Place) -> None:
    place.put("escalated", severity=URGENT)
    place.chat.answers = [Crash()]
    with pytest.raises(Crash):
        await place.messenger().look()
    assert place.states() == [("escalated", NoticeState.SENDING)]
    again = place.messenger()
    await again.recover()
    await again.look()
    assert len(place.chat.got) == 1
    assert place.states() == [("escalated", NoticeState.UNSURE)]


async def test_a_crash_before_the_sending_loses_nothing(place: Place) -> None:
    place.put("merged")
    again = place.messenger()
    await again.recover()
    await again.look()
    assert len(place.chat.got) == 1


async def test_a_refused_message_is_tried_again_a_few_times(place: Place) -> None:
    place.put("merged")
    place.chat.answers = [Receipt(Sent.FAILED, "error=503")] * (len(RETRY_PAUSES) + 1)
    await place.messenger().look()
    for number, pause in enumerate(RETRY_PAUSES, 1):
        place.clock.now += pause - 1
        await place.messenger().look()
        assert len(place.chat.got) == number
        place.clock.now += 1
        await place.messenger().look()
    place.clock.now += 86_400
    await place.messenger().look()
    assert len(place.chat.got) == len(RETRY_PAUSES) + 1
    (row,) = place.store.outbox.recent()
    assert (row.state, row.note, row.attempts) == (NoticeState.FAILED, "error=503", len(RETRY_PAUSES) + 1)


async def test_a_message_that_may_have_arrived_is_not_tried_again(place: Place) -> None:
    place.put("merged")
    place.chat.answers = [Receipt(Sent.UNSURE, "no answer in time")]
    await place.messenger().look()
    place.clock.now += 86_400
    await place.messenger().look()
    assert len(place.chat.got) == 1
    assert place.states() == [("merged", NoticeState.UNSURE)]


async def test_a_storm_stays_within_the_limit_and_ends_in_one_message(place: Place) -> None:
    for number in range(40):
        place.put(f"change {number}")
        await place.messenger(limit=6).look()
    assert len(place.chat.got) == 4
    place.put("escalated", severity=URGENT)
    await place.messenger(limit=6).look()
    assert [title for _, title, _ in place.chat.got][4:] == ["acme/shop #3: escalated"]
    place.clock.now += WINDOW_SECONDS
    await place.messenger(limit=6).look()
    assert [title for _, title, _ in place.chat.got][5:] == ["36 changes of incidents"]
    assert {state for _, state in place.states()} == {NoticeState.SENT}


async def test_one_target_in_trouble_holds_up_no_other(place: Place) -> None:
    place.put("merged", "chat")
    place.put("merged", "pager")
    place.chat.answers = [Receipt(Sent.FAILED)]
    await place.messenger().look()
    assert sorted(state for _, state in place.states()) == [NoticeState.SENT, NoticeState.WAITING]


async def test_a_target_that_the_settings_no_longer_name_is_told_so(place: Place) -> None:
    place.put("merged", "gone")
    await place.messenger().look()
    assert place.chat.got == []
    assert place.states() == [("merged", NoticeState.UNKNOWN)]


async def test_two_servers_do_not_send_the_same(place: Place) -> None:
    place.put("merged")
    (one,) = place.store.outbox.waiting()
    assert place.store.outbox.claim((one.number,)) is not None
    assert place.store.outbox.claim((one.number,)) is None


async def test_started_and_stopped_it_sends_what_waits(place: Place) -> None:
    async with receiving() as receiver:
        notifier = await asyncio.to_thread(Notifier, {"chat": [f"json://{receiver.host}/hook"]})
        place.put("merged")
        messenger = Messenger(notifier, place.store, 10, clock=place.clock)
        messenger.start()
        async with asyncio.timeout(20):
            await receiver.arrived.wait()
        await messenger.stop()
    assert [body["title"] for body in receiver.bodies("/hook")] == ["acme/shop #3: merged"]
    assert place.states() == [("merged", NoticeState.SENT)]


async def test_a_stop_waits_for_the_answer_of_what_is_being_sent(place: Place) -> None:
    async with receiving() as receiver:
        receiver.held["/hook"] = asyncio.Event()
        notifier = await asyncio.to_thread(Notifier, {"chat": [f"json://{receiver.host}/hook"]})
        place.put("merged")
        messenger = Messenger(notifier, place.store, 10, clock=place.clock)
        messenger.start()
        async with asyncio.timeout(20):
            await receiver.arrived.wait()
        stopping = asyncio.create_task(messenger.stop())
        await asyncio.sleep(0)
        receiver.held["/hook"].set()
        await stopping
    assert place.states() == [("merged", NoticeState.SENT)]
