from __future__ import annotations

import pytest

from app.core.storm import CALM_SECONDS, Arrival, Lately, Spent, Storm, spent, storm

NEW = Arrival("new", 1, held=False)


def arrived(here: int = 0, *, held: int = 0, elsewhere: int = 0) -> list[Arrival]:
    return [
        *(Arrival(f"h{n}", 1, held=n < held) for n in range(here)),
        *(Arrival(f"e{n}", 2 + n, held=False) for n in range(elsewhere)),
    ]


@pytest.mark.parametrize(
    ("before", "raging"),
    [
        ([], None),
        (arrived(9), None),
        (arrived(10), Storm(11, begins=True)),
        (arrived(11, held=1), Storm(12, begins=False)),
        (arrived(5, held=1), Storm(6, begins=False)),
        (arrived(4, held=1), None),
        (arrived(4, held=4), None),
        (arrived(0, elsewhere=49), None),
        (arrived(0, elsewhere=50), Storm(51, begins=True)),
        (arrived(9, elsewhere=40), None),
        ([*arrived(10), NEW], Storm(11, begins=True)),
    ],
)
def test_i18_a_storm_is_too_much_in_a_minute_and_is_over_at_half_of_it(
    before: list[Arrival], raging: Storm | None
) -> None:
    assert storm(before, NEW, 10) == raging


NOW = 1_000.0 + CALM_SECONDS


def lately(identity: str, at: float, *, held: bool = True, here: int = 1, name: str = "") -> Lately:
    return Lately(identity, here, name or f"sentry:{identity}", at, held)


HELD = [lately("a", 990.0), lately("b", 1_000.0)]


@pytest.mark.parametrize(
    ("others", "now", "over"),
    [
        ([], NOW, [Spent(("a", "b"), 1_000.0)]),
        ([], NOW - 1, []),
        ([lately("c", 1_001.0)], NOW, []),
        ([lately("c", 1_001.0, held=False)], NOW, [Spent(("a", "b"), 1_000.0)]),
        ([lately("b-2", 1_100.0, held=False, name="sentry:b")], NOW, []),
        ([lately("b-0", 100.0, held=False, name="sentry:b")], NOW, [Spent(("a", "b"), 1_000.0)]),
        ([lately("b-2", 1_100.0, held=False, name="sentry:b", here=2)], NOW, [Spent(("a", "b"), 1_000.0)]),
        ([lately("z", 1_200.0, here=2)], NOW, [Spent(("a", "b"), 1_000.0)]),
        (
            [lately("z", 1_200.0, here=2)],
            NOW + 200,
            [Spent(("a", "b"), 1_000.0), Spent(("z",), 1_200.0)],
        ),
    ],
)
def test_i18_a_storm_is_spent_once_nothing_more_comes_and_nobody_was_quicker(
    others: list[Lately], now: float, over: list[Spent]
) -> None:
    assert list(spent([*others, *reversed(HELD)], now)) == over
    assert list(spent([one for one in others if not one.held], now)) == []
