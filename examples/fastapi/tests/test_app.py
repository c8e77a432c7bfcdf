"""What users of the product see, GitHub and Membrane being fakes.

Each test has a workspace of its own, so any user is new to it.
"""

import pytest
from fastapi.testclient import TestClient
from membrane_mock import Workspace

from app import create_app


@pytest.fixture
def product(membrane_workspace: Workspace) -> TestClient:
    return TestClient(create_app(membrane_workspace.env), headers={"X-User": "ada"})


def test_a_user_connects_github_and_sees_their_repositories(product: TestClient, membrane_workspace: Workspace) -> None:
    page = product.post("/github/connection").json()
    assert page["url"].startswith(membrane_workspace.api_uri)

    membrane_workspace.tenant("ada").connection("github").complete(account="ada@example.com")

    shown = product.get("/github/repositories")
    assert shown.status_code == 200
    assert [each["name"] for each in shown.json()] == ["app", "website", "dotfiles"]
    membrane_workspace.journal.verify({"operation": "act", "tenant": "ada"}, times=1)


def test_a_repository_is_shown_as_github_has_it(product: TestClient, membrane_workspace: Workspace) -> None:
    membrane_workspace.tenant("ada").connect("github", key="github")
    membrane_workspace.stub("github", "GET", "/user/repos", json=[{"name": "secret-plans", "private": True, "id": 7}])

    assert product.get("/github/repositories").json() == [{"name": "secret-plans", "private": True}]


def test_a_user_who_gives_up_is_asked_to_connect(product: TestClient, membrane_workspace: Workspace) -> None:
    product.post("/github/connection")

    membrane_workspace.tenant("ada").connection("github").cancel()

    assert product.get("/github/repositories").status_code == 409


def test_a_user_who_has_not_connected_is_asked_to(product: TestClient) -> None:
    answer = product.get("/github/repositories")

    assert (answer.status_code, answer.json()) == (404, {"detail": "connect GitHub first"})


def test_nobody_notices_that_a_token_expires(product: TestClient, membrane_workspace: Workspace) -> None:
    github = membrane_workspace.tenant("ada").connect("github", key="github")

    github.expire()

    assert product.get("/github/repositories").status_code == 200
    assert [each["status"] for each in membrane_workspace.requests("github")] == [401, 200]


def test_a_user_who_was_signed_out_connects_again(product: TestClient, membrane_workspace: Workspace) -> None:
    github = membrane_workspace.tenant("ada").connect("github", key="github")
    github.break_("disconnect")
    assert product.get("/github/repositories").status_code == 409

    assert product.post("/github/connection").json()["url"]
    github.complete()

    assert product.get("/github/repositories").status_code == 200


def test_an_outage_of_github_is_told_and_passes(product: TestClient, membrane_workspace: Workspace) -> None:
    membrane_workspace.tenant("ada").connect("github", key="github")
    membrane_workspace.scenario("vendor-outage", connector="github", minutes=10)
    assert product.get("/github/repositories").status_code == 503

    membrane_workspace.clock.advance("10m")

    assert product.get("/github/repositories").status_code == 200


def test_users_see_their_own_repositories_alone(product: TestClient, membrane_workspace: Workspace) -> None:
    membrane_workspace.tenant("ada").connect("github", key="github")

    assert product.get("/github/repositories", headers={"X-User": "grace"}).status_code == 404
