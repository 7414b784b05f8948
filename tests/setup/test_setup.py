"""`autofix setup`: the whole manifest flow over loopback HTTP, as a browser goes it."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import stat
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from re import search
from typing import Any

import httpx
import pytest

from app.clients.github import GitHub
from app.core.errors import ClientError
from app.packaged import app_manifest
from app.settings import environment_of, read_settings
from app.setup.credentials import KEY_FILE, Occupied, store
from app.setup.flow import Flow
from app.setup.registration import Registered, Ticket, Wanted, convert
from app.setup.setup_command import setup
from doctor.conftest import Site

from . import browser

PUBLIC = "https://autofix.example.org"


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
async def flow(site: Site, tmp_path: Path) -> AsyncIterator[Flow]:
    flow = Flow(Wanted(site.github.base_url, "acme", PUBLIC), tmp_path / "data")
    await flow.start()
    yield flow
    await flow.stop()


def form(page: str) -> tuple[str, dict[str, str]]:
    """Where the page's form goes, and what it sends."""
    action = search(r'<form action="([^"]+)" method="post">', page)
    value = search(r'name="manifest" value="([^"]+)"', page)
    assert action is not None
    assert value is not None
    return unescape(action[1]), {"manifest": unescape(value[1])}


async def go(flow: Flow, http: httpx.AsyncClient) -> str:
    """To GitHub and back: the address to which GitHub leads."""
    address, sent = form((await http.get(flow.address + "/")).text)
    answer = await http.post(address, data=sent)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def secrets_of(site: Site) -> list[str]:
    """Every secret that the stand-in gave away."""
    (answer,) = [one.answer for one in site.github.journal if one.path.endswith("/conversions")]
    return [answer["webhook_secret"], answer["client_secret"], *answer["pem"].splitlines()[1:-1]]


async def test_the_flow_registers_the_app_and_stores_its_credentials(
    site: Site, flow: Flow, http: httpx.AsyncClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    page = await http.get(await go(flow, http))
    assert page.status_code == 200
    app, file = flow.registered.result()
    assert (app.slug, file) == ("autofix-acme", (tmp_path / "data" / "autofix.env").resolve())
    assert f"https://github.com/apps/{app.slug}/installations/new" in page.text
    for path, mode in ((file, 0o600), (file.with_name(KEY_FILE), 0o600), (file.parent, 0o700)):
        assert stat.S_IMODE(path.stat().st_mode) == mode
    assert sorted(path.name for path in file.parent.iterdir()) == ["autofix.env", KEY_FILE]
    known = site.github.site.apps[app.id]
    assert known.webhook_url == f"{PUBLIC}/webhooks/github"
    assert known.permissions == app_manifest()["default_permissions"]
    assert set(known.events) == set(app_manifest()["default_events"])
    assert known.owner.login == "acme"
    shown = f"{page.text}{page.headers}{caplog.text}{app!r}{flow.registered!r}"
    for secret in secrets_of(site):
        assert secret not in shown


async def test_the_server_starts_with_what_was_stored(
    site: Site, flow: Flow, http: httpx.AsyncClient
) -> None:
    await http.get(await go(flow, http))
    app, file = flow.registered.result()
    process = {"AUTOFIX_SENTRY_TOKEN": "t", "AUTOFIX_SENTRY_ORGANIZATIONS": "acme", "AUTOFIX_PORT": "1"}
    settings = read_settings(environment_of(process, file))
    left = environment_of(process | {"AUTOFIX_DATA_DIR": str(file.parent)}, None)
    assert read_settings(left) == settings
    assert (settings.app_id, settings.data_dir, settings.port) == (app.id, file.parent, 1)
    assert settings.webhook_secret.get_secret_value() == site.github.site.apps[app.id].webhook_secret
    assert settings.github_url == f"{site.github.base_url}/api/v3"
    github = GitHub(
        http,
        app_id=app.id,
        private_key=settings.private_key.get_secret_value(),
        base_url=site.github.base_url,
    )
    assert await github.bot() == "autofix-acme[bot]"


async def test_a_person_may_own_the_app_and_give_the_address_later(
    site: Site, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    flow = Flow(Wanted(site.github.base_url, name="Autofix of Ada"), tmp_path / "data")
    await flow.start()
    try:
        page = await http.get(await go(flow, http))
    finally:
        await flow.stop()
    app, _ = flow.registered.result()
    assert site.github.site.apps[app.id].webhook_url is None
    assert "Set the webhook's address" in page.text


async def test_a_state_counts_once_and_only_if_it_is_ours(
    site: Site, flow: Flow, http: httpx.AsyncClient
) -> None:
    back = httpx.URL(await go(flow, http))
    for state in ("", "x", str(back.params["state"])[:-1], "ä"):
        refused = await http.get(back.copy_set_param("state", state))
        assert refused.status_code == 400
        assert "does not belong to this registration" in refused.text
    assert not any(one.path.endswith("/conversions") for one in site.github.journal)
    assert (await http.get(back)).status_code == 200
    again = await http.get(back)
    assert again.status_code == 400
    assert "finished already" in again.text
    assert (await http.get(flow.address + "/")).status_code == 410
    assert len(secrets_of(site)) > 3


async def test_an_answer_after_an_hour_is_refused() -> None:
    now = 0.0
    ticket = Ticket(lambda: now)
    state = ticket.issue()
    now = 3600.0
    assert ticket.redeem(state) == "more than an hour has passed"
    newer = ticket.issue()
    assert ticket.redeem(state) == "the answer does not belong to this registration"
    assert ticket.redeem(newer) is None
    assert ticket.redeem(newer) is not None
    assert Ticket().redeem("") is not None


async def test_a_code_that_is_used_up_says_so_and_one_can_start_again(
    site: Site, flow: Flow, http: httpx.AsyncClient
) -> None:
    back = await go(flow, http)
    site.github.site.manifests.clear()
    refused = await http.get(back)
    assert refused.status_code == 400
    assert "used up, or older than an hour" in refused.text
    assert 'href="/"' in refused.text
    assert (await http.get(await go(flow, http))).status_code == 200


@pytest.mark.parametrize(
    ("status", "said"),
    [(500, "GitHub answered 500"), (422, "GitHub answered 422"), (None, "cannot be reached")],
)
async def test_a_github_that_refuses_is_said_without_its_answer(
    site: Site, flow: Flow, http: httpx.AsyncClient, status: int | None, said: str
) -> None:
    site.github.faults.fail("POST", r"/app-manifests/.*", status=status, message="canary")
    refused = await http.get(await go(flow, http))
    assert said in refused.text
    assert "canary" not in refused.text
    assert not flow.registered.done()


@pytest.mark.parametrize("code", ["", "../../user", "a/b", "a?b=c", "x" * 201, "ä"])
async def test_what_is_no_code_is_never_sent(site: Site, code: str, http: httpx.AsyncClient) -> None:
    with pytest.raises(ClientError, match="no code of GitHub"):
        await convert(Wanted(site.github.base_url), code, http)
    assert not site.github.journal


KEY = "-----BEGIN RSA PRIVATE KEY-----\ncanary\n-----END RSA PRIVATE KEY-----\n"
ANSWER = {
    "id": 1,
    "slug": "x",
    "html_url": "https://github.com/apps/x",
    "pem": KEY,
    "webhook_secret": "canary",
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"pem": "canary"},
        {"pem": None},
        {"webhook_secret": None},
        {"webhook_secret": "canary\nAUTOFIX_GITHUB_URL=https://evil.example"},
        {"slug": "../x"},
        {"html_url": "javascript:alert(1)"},
        {"html_url": "https://github.com/apps/x\nAUTOFIX_PORT=1"},
        {"id": "canary"},
        {"id": None},
    ],
)
async def test_an_answer_of_another_shape_is_refused_and_not_shown(wrong: dict[str, Any]) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(201, content=json.dumps(ANSWER | wrong)))
    async with httpx.AsyncClient(transport=transport) as http:
        with pytest.raises(ClientError, match="not as documented") as caught:
            await convert(Wanted(), "abc", http)
    assert caught.value.__cause__ is None
    assert "canary" not in str(caught.value)


async def test_only_this_address_is_answered_and_the_pages_load_nothing(
    site: Site, flow: Flow, http: httpx.AsyncClient
) -> None:
    page = await http.get(flow.address + "/")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert f"form-action {site.github.base_url} 'self'" in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert "<script" not in page.text
    for host in ("evil.example", f"evil.example:{flow.address.rpartition(':')[2]}", "127.0.0.1"):
        assert (await http.get(flow.address + "/", headers={"Host": host})).status_code == 421


def test_the_manifest_is_the_apps_own_file_and_fits_githubs_limit() -> None:
    wanted = Wanted("https://git.example", "a-rather-long-name-of-an-organization", PUBLIC + "/")
    manifest = wanted.manifest("http://127.0.0.1:1/registered")
    assert len(manifest["name"]) <= 34
    assert manifest["hook_attributes"] == {"url": f"{PUBLIC}/webhooks/github", "active": True}
    assert manifest["default_permissions"] == app_manifest()["default_permissions"]
    assert (
        wanted.form_url
        == "https://git.example/organizations/a-rather-long-name-of-an-organization/settings/apps/new"
    )
    assert Wanted().manifest("x")["hook_attributes"]["active"] is False


# The credentials -------------------------------------------------------------------------------------------------

APP = Registered(7, "autofix", "https://github.com/apps/autofix", KEY, "hook-canary")


def test_credentials_that_are_there_are_replaced_only_by_force(tmp_path: Path) -> None:
    file = store(APP, tmp_path, "https://github.com", force=False)
    before = file.read_text()
    assert "AUTOFIX_GITHUB_URL=https://api.github.com\n" in before
    other = Registered(8, "autofix", "https://github.com/apps/autofix", KEY, "other")
    with pytest.raises(Occupied, match="is there already; --force replaces it"):
        store(other, tmp_path, "https://github.com", force=False)
    assert file.read_text() == before
    store(other, tmp_path, "https://git.example", force=True)
    assert "AUTOFIX_APP_ID=8\n" in file.read_text()
    assert "AUTOFIX_GITHUB_URL=https://git.example/api/v3\n" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_others_could_read_is_not_written_through(tmp_path: Path) -> None:
    public = tmp_path / "public"
    public.touch(mode=0o644)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "autofix.env").symlink_to(public)
    store(APP, tmp_path / "data", "https://github.com", force=True)
    assert public.read_text() == ""
    assert not (tmp_path / "data" / "autofix.env").is_symlink()


def test_no_secret_is_in_any_text_of_the_app() -> None:
    assert "canary" not in f"{APP} {APP!r}"


# The command -----------------------------------------------------------------------------------------------------


def a_browser(address: str) -> bool:
    """Does what a person does: looks at the page, continues on GitHub, comes back."""
    with httpx.Client(trust_env=False) as http:
        where, sent = form(http.get(address).text)
        answer = http.post(where, data=sent)
        assert http.get(answer.headers["Location"]).status_code == 200
    return True


async def test_the_command_ends_when_the_browser_is_done_and_says_what_comes_next(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "data"

    def run() -> int:
        return setup(
            public_url=PUBLIC,
            github_url=site.github.base_url,
            name="Autofix 1",
            data_dir=folder,
            browser=a_browser,
        )

    assert await asyncio.to_thread(run) == 0
    said = capsys.readouterr()
    assert "http://127.0.0.1:" in said.out
    assert "https://github.com/apps/autofix-1/installations/new" in said.out
    assert f"autofix serve --env-file {folder.resolve() / 'autofix.env'}" in said.out
    for secret in secrets_of(site):
        assert secret not in said.out + said.err
    assert await asyncio.to_thread(run) == 2
    assert "is there already; --force replaces it" in capsys.readouterr().err


def test_a_taken_port_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        assert setup(port=number, data_dir=tmp_path, browser=lambda _: False) == 1
    assert f"cannot listen on port {number} of this machine" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"organization": "a/b"}, "no name of an organization"),
        ({"public_url": "http://autofix.example"}, "must start with https://"),
        ({"github_url": "http://git.example"}, "must start with https://"),
        ({"github_url": "git.example"}, "must start with https://"),
    ],
)
def test_bad_input_ends_with_2(
    how: dict[str, Any], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert setup(data_dir=tmp_path, browser=lambda _: False, **how) == 2
    assert said in capsys.readouterr().err


# A real browser --------------------------------------------------------------------------------------------------


async def test_a_real_browser_goes_the_whole_way(site: Site, flow: Flow, tmp_path: Path) -> None:
    program = browser.found()
    if program is None:
        pytest.skip("no Chromium on this machine: install Debian's `chromium` to run this")
    async with browser.open_tab(program, tmp_path / "profile", flow.address + "/") as tab:
        assert await tab.evaluate("document.querySelector('h1').innerText") == "Register your Autofix App"
        assert await tab.evaluate("getComputedStyle(document.querySelector('main')).borderRadius") == "12px"
        (tmp_path / "start.png").write_bytes(await tab.picture())
        await tab.evaluate("document.querySelector('button').click()")
        await tab.wait("document.querySelector('h1')?.innerText.includes('is registered')")
        (tmp_path / "done.png").write_bytes(await tab.picture())
    app, file = flow.registered.result()
    assert file.exists()
    assert site.github.site.apps[app.id].webhook_url == f"{PUBLIC}/webhooks/github"
