from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.detect.sentry_issue import HEAD_CHARACTERS, IssueKind, SentryLink, issue_kind, parse_link

FIXTURES = Path(__file__).parents[1] / "fixtures" / "sentry"
SAAS = ("sentry.io",)
ACME = SentryLink("acme.sentry.io", "acme", "7332116922", "SHOPDEMO-1")
FENCE = "\n\n```\nKeyError: 'zero'\n```"


def body(name: str) -> str:
    return (FIXTURES / f"body_{name}.md").read_text(encoding="utf-8")


def line(url: str, label: str = "SHOPDEMO-1") -> str:
    return f"Sentry Issue: [{label}]({url})"


@pytest.mark.parametrize("form", ["alert", "manual"])
def test_both_ways_of_creating_an_issue_give_the_same_link(form: str) -> None:
    assert parse_link(body(form), hosts=SAAS) == ACME
    assert issue_kind(body(form), "PricingError: line 1") is IssueKind.ERROR


def test_a_performance_issue() -> None:
    link = SentryLink("acme.sentry.io", "acme", "7890123456", "BOOKSHOP-9")
    assert parse_link(body("performance"), hosts=SAAS) == link
    assert issue_kind(body("performance"), "N+1 Query") is IssueKind.PERFORMANCE
    assert issue_kind(body("performance"), "Slow page of authors") is IssueKind.PERFORMANCE


def test_feedback() -> None:
    first = "Sentry Feedback: [SHOP-2](https://acme.sentry.io/issues/55/?referrer=x)"
    text = f"{first}\n\nThe cart is empty\n\n|  |  |\n"
    assert parse_link(text, hosts=SAAS) == SentryLink("acme.sentry.io", "acme", "55", "SHOP-2")
    assert issue_kind(text, "User Feedback") is IssueKind.FEEDBACK
    text = text.replace("issues/55/?", "issues/feedback/?feedbackSlug=shop%3A55&project=1&")
    assert parse_link(text, hosts=SAAS) == SentryLink("acme.sentry.io", "acme", "55", "SHOP-2")


def test_sentences_written_by_a_machine_may_come_first() -> None:
    text = "Baskets with a zero VAT band cannot be priced.\n\nIt began on Monday.\n\n" + body("manual")
    assert parse_link(text, hosts=SAAS) == ACME
    assert issue_kind(text, "Zero VAT band breaks pricing") is IssueKind.ERROR


def test_a_form_sent_by_a_browser_ends_its_lines_twice() -> None:
    assert parse_link(body("manual").replace("\n", "\r\n"), hosts=SAAS) == ACME
    table = body("performance").replace("\n", "\r\n")
    assert issue_kind(table, "x") is IssueKind.PERFORMANCE


def test_a_bare_link_is_enough() -> None:
    assert parse_link("see https://acme.sentry.io/issues/1/.", hosts=SAAS) == SentryLink(
        "acme.sentry.io", "acme", "1"
    )


@pytest.mark.parametrize(
    ("title", "kind"),
    [("N+1 Query", IssueKind.PERFORMANCE), ("KeyError: 'zero'", IssueKind.ERROR), ("", IssueKind.ERROR)],
)
def test_the_title_decides_for_a_body_that_is_only_a_link(title: str, kind: IssueKind) -> None:
    assert issue_kind(line("https://acme.sentry.io/issues/1/"), title) is kind


def test_a_table_in_what_the_program_reported_is_no_table_of_sentry() -> None:
    text = line("https://acme.sentry.io/issues/1/") + "\n\n```\n|  |  |\n| **Offending Spans** | x |\n```"
    assert issue_kind(text, "N+1 Query") is IssueKind.ERROR


E32 = "2867d86fe05b4b2583944a49ef0433bb"


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://acme.sentry.io/issues/12/", ("acme.sentry.io", "acme", "12", None)),
        ("https://acme.sentry.io/issues/12", ("acme.sentry.io", "acme", "12", None)),
        ("https://sentry.io/organizations/acme/issues/12/", ("sentry.io", "acme", "12", None)),
        ("https://us.sentry.io/organizations/acme/issues/12/", ("us.sentry.io", "acme", "12", None)),
        ("https://de.sentry.io/organizations/acme/issues/12/", ("de.sentry.io", "acme", "12", None)),
        ("https://acme.sentry.io/organizations/acme/issues/12/", ("acme.sentry.io", "acme", "12", None)),
        ("https://sentry.io/issues/12/", ("sentry.io", None, "12", None)),
        ("https://us.sentry.io/issues/12/", ("us.sentry.io", None, "12", None)),
        (f"https://acme.sentry.io/issues/12/events/{E32}/", ("acme.sentry.io", "acme", "12", E32)),
        ("https://acme.sentry.io/issues/12/events/latest/", ("acme.sentry.io", "acme", "12", "latest")),
        (
            "https://acme.sentry.io/issues/12/?project=1&query=a%20b#crumbs",
            ("acme.sentry.io", "acme", "12", None),
        ),
        ("https://acme.sentry.io:443/issues/12/", ("acme.sentry.io", "acme", "12", None)),
        ("HTTPS://ACME.Sentry.IO/issues/12/", ("acme.sentry.io", "acme", "12", None)),
        ("https://acme.sentry.io/issues/SHOPDEMO-1/", ("acme.sentry.io", "acme", "SHOPDEMO-1", None)),
        ("https://errors.example.com/organizations/o/issues/12/", ("errors.example.com", "o", "12", None)),
        ("https://errors.example.com/issues/12/", ("errors.example.com", None, "12", None)),
        ("http://lan.example.com:9000/organizations/o/issues/12/", ("lan.example.com:9000", "o", "12", None)),
        ("http://127.0.0.1:8123/organizations/o/issues/12/", ("127.0.0.1:8123", "o", "12", None)),
        ("http://[::1]:8123/organizations/o/issues/12/", ("[::1]:8123", "o", "12", None)),
    ],
)
def test_every_form_of_permalink(url: str, link: tuple[str, str | None, str, str | None]) -> None:
    hosts = ("sentry.io", "errors.example.com", "http://lan.example.com:9000", "127.0.0.1:8123", "[::1]:8123")
    host, organization, issue, event = link
    expected = SentryLink(host, organization, issue, "SHOPDEMO-1", event)
    assert parse_link(line(url) + FENCE, hosts=hosts) == expected
    assert parse_link(f"Something broke: <{url}>" + FENCE, hosts=hosts) is not None


@pytest.mark.parametrize(
    "url",
    [
        "https://sentry.io.evil.tld/issues/12/",
        "https://acme.sentry.io.evil.tld/issues/12/",
        "https://evil-sentry.io/issues/12/",
        "https://evilsentry.io/issues/12/",
        "https://sentry.io@evil.tld/issues/12/",
        "https://acme.sentry.io@evil.tld/issues/12/",
        "https://evil.tld@acme.sentry.io/issues/12/",
        "https://user:pass@acme.sentry.io/issues/12/",
        "https://evil.tld/?https://acme.sentry.io/issues/12/",
        "https://evil.tld/acme.sentry.io/issues/12/",
        "https://evil.tld#acme.sentry.io/issues/12/",
        "https://evil.tld\\@acme.sentry.io/issues/12/",
        "https://xn--sntry-fva.io/issues/12/",
        "https://s\u0435ntry.io/issues/12/",
        "https://acme\uff0esentry.io/issues/12/",
        "https://a.b.sentry.io/issues/12/",
        "https://-.sentry.io/issues/12/",
        "https://.sentry.io/issues/12/",
        "https://acme.sentry.io./issues/12/",
        "https://acme.sentry.io:8443/issues/12/",
        "https://acme.sentry.io:080/issues/12/",
        "https://acme%2esentry.io/issues/12/",
        "http://acme.sentry.io/issues/12/",
        "http://sentry.io/issues/12/",
        "ftp://acme.sentry.io/issues/12/",
        "file:///issues/12/",
        "//acme.sentry.io/issues/12/",
        "//169.254.169.254/issues/12/",
        "http://169.254.169.254/issues/12/",
        "https://[::ffff:169.254.169.254]/issues/12/",
        "http://127.0.0.1/issues/12/",
        "http://127.0.0.1:9999/issues/12/",
        "http://errors.example.com/issues/12/",
        "https://errors.example.com.evil.tld/issues/12/",
        "https://sub.errors.example.com/issues/12/",
        "https://acme.sentry.io/issues/12/../13/",
        "https://acme.sentry.io/issues/../../api/0/",
        "https://acme.sentry.io/issues/12/events/../",
        "https://acme.sentry.io/issues/\u0661\u0662/",
        "https://acme.sentry.io/issues/%31/",
        "https://acme.sentry.io//issues/12/",
        "https://acme.sentry.io/issues/" + "1" * 21 + "/",
        "https://acme.sentry.io/organizations/other/issues/12/",
        "https://acme.sentry.io/settings/",
        "https://acme.sentry.io/",
        "javascript:https://acme.sentry.io/issues/12/",
    ],
)
def test_i3_every_other_link_is_refused(url: str) -> None:
    hosts = ("sentry.io", "errors.example.com", "127.0.0.1:8123")
    assert parse_link(line(url) + FENCE, hosts=hosts) is None


def test_a_host_that_is_not_configured_is_refused() -> None:
    assert parse_link(body("alert"), hosts=("errors.example.com",)) is None
    assert parse_link(body("alert"), hosts=()) is None
    assert parse_link(body("alert"), hosts=("acme.sentry.io",)) == ACME


def test_another_link_does_not_stand_in_for_a_labelled_one_that_is_refused() -> None:
    text = line("https://evil.tld/issues/1/") + " https://acme.sentry.io/issues/12/\n"
    assert parse_link(text, hosts=SAAS) is None


def test_two_bare_links_to_different_issues_are_none() -> None:
    one, two = "https://acme.sentry.io/issues/1/", "https://acme.sentry.io/issues/2/"
    assert parse_link(f"{one} or {two}", hosts=SAAS) is None
    assert parse_link(f"{one} or {one}?x=1", hosts=SAAS) is not None


def test_what_the_program_reported_is_not_read() -> None:
    text = "It broke.\n\n```\n" + line("https://acme.sentry.io/issues/12/") + "\n```\n"
    assert parse_link(text, hosts=SAAS) is None
    assert parse_link("x\n" * 100 + line("https://acme.sentry.io/issues/12/"), hosts=SAAS) is None


@pytest.mark.parametrize("label", ["not an id", "shop-1", "", "A" * 150])
def test_a_label_that_is_no_short_id_is_dropped(label: str) -> None:
    link = parse_link(line("https://acme.sentry.io/issues/12/", label), hosts=SAAS)
    assert link == SentryLink("acme.sentry.io", "acme", "12")


@pytest.mark.parametrize(
    "piece",
    [
        "Sentry Issue: [",
        "Sentry Issue: [a](",
        "https://",
        "https://a.sentry.io/issues/",
        "[",
        "(",
        "\n",
        "|  |  |\n",
        "a@",
    ],
)
def test_i10_a_megabyte_costs_what_its_head_costs(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        runs = []
        for _ in range(3):
            began = time.process_time()
            parse_link(text, hosts=SAAS)
            issue_kind(text, text)
            runs.append(time.process_time() - began)
        return min(runs)

    assert seconds(1_000_000) < 2.5 * seconds(500_000) + 0.02
    assert seconds(HEAD_CHARACTERS) < 2.5 * seconds(HEAD_CHARACTERS // 2) + 0.02


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text() | st.text(alphabet="Sentry Issue:[]()htps/.io0123-\n`|*"))
def test_no_text_raises_or_names_another_host(text: str) -> None:
    for candidate in (text, line(text), line(f"https://{text}/issues/1/")):
        link = parse_link(candidate, hosts=SAAS)
        issue_kind(candidate, text)
        assert link is None or link.host == "sentry.io" or link.host.endswith(".sentry.io")
