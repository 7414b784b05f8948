"""App JWTs, installation tokens, permissions, and what each caller may see."""

from __future__ import annotations

import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa


async def test_the_app_knows_itself_by_id_or_client_id(world: Any) -> None:
    for issuer in ("4242", "Iv23liAutofix"):
        answer = await world.call("GET", "/app", world.jwt(iss=issuer))
        assert answer.status_code == 200
        assert answer.json()["slug"] == "autofix"
    listed = await world.call("GET", "/app/installations", world.jwt())
    assert [item["id"] for item in listed.json()] == [77]
    for path in ("/app/installations/77", "/repos/acme/shop/installation", "/orgs/acme/installation"):
        assert (await world.call("GET", path, world.jwt())).json()["app_slug"] == "autofix"
    assert (await world.call("GET", "/app/installations/78", world.jwt())).status_code == 404


@pytest.mark.parametrize(
    ("claims", "text"),
    [
        ({"exp": 1_799_999_999}, "'Expiration time' claim ('exp') must be a numeric value"),
        ({"exp": 1_800_000_700}, "'Expiration time' claim ('exp') is too far in the future"),
        ({"iat": 1_800_000_060}, "'Issued at' claim ('iat') must be an Integer"),
        ({"iss": "999"}, "A JSON web token could not be decoded"),
    ],
)
async def test_a_wrong_jwt_is_refused_in_githubs_words(world: Any, claims: Any, text: str) -> None:
    answer = await world.call("GET", "/app", world.jwt(**claims))
    assert answer.status_code == 401
    assert answer.json()["message"].startswith(text)


async def test_a_jwt_signed_by_another_key_is_refused(world: Any) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    answer = await world.call("GET", "/app", world.jwt(other))
    assert answer.status_code == 401
    assert answer.json()["message"] == "A JSON web token could not be decoded"


async def test_installation_tokens_are_long_and_last_an_hour(world: Any) -> None:
    token = await world.app_token()
    assert re.fullmatch(r"ghs_4242_[\w.-]+", token)
    assert token.count(".") == 2
    assert 480 < len(token) < 560
    assert (await world.call("GET", "/repos/acme/shop", token)).status_code == 200
    world.clock.advance(3600)
    answer = await world.call("GET", "/repos/acme/shop", token)
    assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")
    assert (await world.call("GET", "/repos/acme/shop", "ghs_unknown")).status_code == 401


async def test_tokens_are_narrowed_and_never_widened(world: Any) -> None:
    narrow = await world.app_token(permissions={"contents": "read"}, repositories=["shop"])
    assert (await world.call("GET", "/repos/acme/shop/branches", narrow)).status_code == 200
    answer = await world.call("POST", "/repos/acme/shop/issues", narrow, {"title": "x"})
    assert (answer.status_code, answer.json()["message"]) == (403, "Resource not accessible by integration")
    path = "/app/installations/77/access_tokens"
    for wanted in ({"permissions": {"administration": "write"}}, {"repositories": ["nothing"]}):
        assert (await world.call("POST", path, world.jwt(), wanted)).status_code == 422
    assert (await world.call("DELETE", "/installation/token", narrow)).status_code == 204
    assert (await world.call("GET", "/repos/acme/shop", narrow)).status_code == 401


async def test_other_repositories_do_not_exist_for_the_installation(world: Any) -> None:
    world.github.create_repository("mallory", "own")
    world.github.create_repository("acme", "secret", private=True)
    token = await world.app_token(repositories=["shop"])
    assert (await world.call("GET", "/repos/mallory/own", token)).status_code == 404
    assert (await world.call("GET", "/repos/acme/secret", token)).status_code == 404
    listed = await world.call("GET", "/installation/repositories", token)
    assert [repo["name"] for repo in listed.json()["repositories"]] == ["shop"]
    assert (await world.call("GET", "/repos/acme/secret", world.user("mallory"))).status_code == 404
    assert (await world.call("GET", "/repos/acme/secret", world.user("bob"))).status_code == 200


async def test_people_have_the_rights_of_their_role(world: Any) -> None:
    path = "/repos/acme/shop/collaborators/{}/permission"
    for login, role in (("alice", "admin"), ("bob", "write"), ("mallory", "read")):
        answer = await world.call("GET", path.format(login), await world.app_token())
        assert answer.json()["permission"] == role
    body = {"ref": "refs/heads/x", "sha": world.repo.git.branch("main")}
    refused = await world.call("POST", "/repos/acme/shop/git/refs", world.user("mallory"), body)
    assert refused.status_code == 403
    assert (await world.call("GET", "/user", world.user("bob"))).json()["login"] == "bob"
    assert (await world.call("GET", "/users/autofix[bot]", world.user("bob"))).json()["type"] == "Bot"
    assert (await world.call("GET", "/user", await world.app_token())).status_code == 403
    assert (await world.call("GET", "/apps/autofix", world.user("bob"))).json()["id"] == 4242
    number = world.repo.id
    assert (await world.call("GET", f"/repositories/{number}", world.user("bob"))).json()["name"] == "shop"
