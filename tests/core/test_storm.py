from __future__ import annotations

import pytest

from app.core.storm import Arrival, Storm, storm

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
