from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.demo.sentry import SentryStandIn
from app.demo.sentry.event_shape import event_json, event_summary
from app.demo.sentry.issue_shape import issue_json
from app.demo.sentry.normal import normalised

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
FRAME_KEYS = ("filename", "module", "function", "lineno", "context_line", "pre_context", "in_app", "vars")
FRAME = st.fixed_dictionaries({}, optional=dict.fromkeys(FRAME_KEYS, JSON | st.text(max_size=5)))
STACK = JSON | st.fixed_dictionaries({"frames": st.lists(FRAME | JSON, max_size=3)})
RAISED = st.fixed_dictionaries(
    {}, optional={"type": JSON, "value": JSON, "mechanism": JSON, "stacktrace": STACK}
)
LOOSE = ("event_id", "release", "environment", "level", "tags", "user", "message", "logentry", "fingerprint")
LOOSER = ("contexts", "sdk", "extra", "modules", "request", "platform", "transaction", "_meta", "server_name")
EVENT = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys((*LOOSE, *LOOSER), JSON),
        "exception": JSON | st.fixed_dictionaries({"values": st.lists(RAISED | JSON, max_size=3)}),
        "breadcrumbs": JSON | st.fixed_dictionaries({"values": JSON}),
        "stacktrace": STACK,
    },
)


# A busy machine draws and runs slowly; the test is not about time.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EVENT)
def test_every_event_can_be_shown(event: dict[str, Any]) -> None:
    sentry = SentryStandIn(organization="acme", project="shop", token="secret")
    group = sentry.store.add_event(event)
    (kept,) = group.events
    json.dumps(
        [issue_json(sentry.store, group, ""), event_json(kept, group, 1, None), event_summary(kept, group, 1)]
    )
    assert sentry.alert(group).body.startswith("Sentry Issue: [SHOP-1](")
    assert sentry.manual_issue(group).title == group.title


def test_tags_may_be_pairs_and_exceptions_a_list() -> None:
    event = normalised({"tags": [["a", 1], ["b"], 5], "exception": [{"type": "E", "value": 7}, None]})
    assert event["tags"] == {"a": "1"}
    assert event["exception"]["values"] == [{"type": "E", "value": "7", "stacktrace": None}]
