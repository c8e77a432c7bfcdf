"""Each verb once, as a synchronous test uses it."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from membrane_mock import ApiRequest, MembraneMockError, Mock, Workspace, types

REPOSITORIES: ApiRequest = {"method": "GET", "path": "/user/repos"}


# --- workspaces --------------------------------------------------------------------------------------------------


def test_workspaces_do_not_meet(membrane_mock: Mock) -> None:
    with membrane_mock.workspace(label="one") as one, membrane_mock.workspace(seed="none") as other:
        one.tenant("ada").connect("github")

        assert one.key != other.key
        assert other.tenant("ada").connections() == []


def test_a_workspace_is_a_copy_of_another(membrane_mock: Mock, membrane_workspace: Workspace) -> None:
    membrane_workspace.tenant("ada").connect("github", key="mine")

    with membrane_mock.workspace(copy_of=membrane_workspace.key) as copy:
        assert copy.tenant("ada").connection("mine").state() == "READY"


def test_an_existing_workspace_is_found_by_its_key(membrane_mock: Mock, membrane_workspace: Workspace) -> None:
    assert membrane_mock.existing_workspace(membrane_workspace.key).secret == membrane_workspace.secret


def test_a_product_is_told_all_by_its_environment(membrane_workspace: Workspace) -> None:
    env = membrane_workspace.env

    assert env["MEMBRANE_API_URI"] == membrane_workspace.api_uri
    assert env["MEMBRANE_WORKSPACE_KEY"] == membrane_workspace.key
    assert env["MEMBRANE_WORKSPACE_SECRET"] == membrane_workspace.secret
    assert env["MEMBRANE_TENANT_KEY"] == membrane_workspace.tenant_key == "demo-tenant"
    assert env["MEMBRANE_TOKEN"] == membrane_workspace.tenant_token
    assert env["MEMBRANE_MOCK_CONTROL_URL"].endswith("/__mock")


def test_a_deleted_workspace_is_gone(membrane_mock: Mock) -> None:
    workspace = membrane_mock.workspace()

    workspace.delete()

    with pytest.raises(MembraneMockError) as refused:
        workspace.report()
    assert refused.value.status == 404


def test_a_snapshot_is_gone_back_to(membrane_workspace: Workspace) -> None:
    github = membrane_workspace.tenant("ada").connect("github")
    snapshot = membrane_workspace.snapshot("connected")
    github.poke("loseCredentials")

    membrane_workspace.restore("connected")
    assert github.state() == "READY"

    github.poke("loseCredentials")
    membrane_workspace.restore(snapshot)
    assert github.state() == "READY"


def test_a_scenario_is_begun_with_parameters(membrane_workspace: Workspace) -> None:
    run = membrane_workspace.scenario("vendor-outage", connector="github", minutes=5)

    assert run["parameters"] == {"connector": "github", "minutes": 5}
    with pytest.raises(MembraneMockError):
        membrane_workspace.tenant("demo-tenant").act(connection="github-dev", api=REPOSITORIES)


def test_a_report_says_what_went_wrong(membrane_workspace: Workspace) -> None:
    with pytest.raises(MembraneMockError):
        membrane_workspace.tenant("demo-tenant").act(
            connection="github-dev", api={"method": "GET", "path": "/user/repo"}
        )

    [line] = membrane_workspace.report()
    assert line["says"] == "no stub of github answered GET /user/repo"


# --- tenants -----------------------------------------------------------------------------------------------------


def test_a_token_is_minted_as_a_product_mints_it(membrane_workspace: Workspace) -> None:
    signed, _, signature = membrane_workspace.tenant("ada").token.rpartition(".")

    header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in signed.split("."))
    expected = hmac.digest(membrane_workspace.secret.encode(), signed.encode(), hashlib.sha512)
    assert header == {"alg": "HS512", "typ": "JWT"}
    assert claims.keys() == {"workspaceKey", "tenantKey", "exp"}
    assert claims["workspaceKey"] == membrane_workspace.key
    assert claims["tenantKey"] == "ada"
    assert base64.urlsafe_b64decode(signature + "==") == expected


def test_a_tenant_acts_by_key_by_request_and_by_code(membrane_workspace: Workspace) -> None:
    tenant = membrane_workspace.tenant("demo-tenant")
    github = tenant.connection("github-dev")

    by_key = tenant.act("create-contact", connection="hubspot-prod", input={"email": "ada@example.com"})
    by_request = tenant.act(connection=github, api=REPOSITORIES)
    by_code = tenant.act(connection=github, code="export default () => 6 * 7")

    assert by_key["output"]["properties"]["email"] == "ada@example.com"
    assert [each["name"] for each in by_request["output"]]
    assert by_code["output"] == 42
    assert len({each["actionRunId"] for each in (by_key, by_request, by_code)}) == 3


def test_the_platform_s_api_is_called_by_its_paths(membrane_workspace: Workspace) -> None:
    manager, tenant = membrane_workspace.manager, membrane_workspace.tenant("ada")

    flow = manager.post("/flows", {"name": "Hello", "key": "hello", "integrationKey": "github"})
    renamed = manager.patch(f"/flows/{flow['id']}", {"name": "Bye"})
    replaced = manager.put(f"/flows/{flow['id']}", {"name": "Again", "key": "hello", "integrationKey": "github"})
    manager.delete(f"/flows/{flow['id']}")
    page = tenant.get("/integrations", params={"limit": 1})

    assert (renamed["name"], replaced["name"]) == ("Bye", "Again")
    assert len(page["items"]) == 1


# --- connections -------------------------------------------------------------------------------------------------


def test_a_connection_is_made_as_an_account(membrane_workspace: Workspace) -> None:
    ada = membrane_workspace.tenant("ada")

    github = ada.connect("github", key="ada-github", name="Ada's GitHub", account="ada@example.com")

    assert github.key == "ada-github"
    assert github.record()["name"] == "Ada's GitHub"
    assert [each["id"] for each in ada.connections()] == [github.id]
    assert ada.act(connection=github, api={"method": "GET", "path": "/user"})["output"]


def test_a_connection_to_an_app_with_keys_is_made_by_what_the_user_types(membrane_workspace: Workspace) -> None:
    stripe = membrane_workspace.tenant("ada").connect("stripe", input={"apiKey": "sk_test_1"})

    assert stripe.state() == "READY"


def test_a_connection_that_does_not_become_ready_is_an_error(membrane_workspace: Workspace) -> None:
    github = membrane_workspace.tenant("demo-tenant").connection("github-dev")
    github.break_("disconnect")
    respond: types.Answer = {"status": 200, "body": {"id": github.id, "key": github.key}}

    with (
        membrane_workspace.fault(on={"operation": "connect"}, fault={"respond": respond}),
        pytest.raises(MembraneMockError, match="connection `github-dev` is DISCONNECTED, not READY"),
    ):
        membrane_workspace.tenant("demo-tenant").connect("github")


def test_a_user_completes_cancels_or_is_refused(membrane_workspace: Workspace) -> None:
    ada = membrane_workspace.tenant("ada")
    completed, cancelled, refused = (ada.begin("github", key=key) for key in ("one", "two", "three"))
    assert completed.state() == "CLIENT_ACTION_REQUIRED"

    completed.complete(account="ada@example.com")
    cancelled.cancel()
    refused.fail(error="server_error")

    assert completed.state() == "READY"
    assert cancelled.state() == "CLIENT_ACTION_REQUIRED"
    assert refused.state() == "CLIENT_ACTION_REQUIRED"


def test_an_expired_token_is_refreshed_by_the_next_call(membrane_workspace: Workspace) -> None:
    tenant = membrane_workspace.tenant("demo-tenant")
    hubspot = tenant.connection("hubspot-prod")

    hubspot.expire()

    assert tenant.act("list-contacts", connection=hubspot)["output"]
    assert [each["status"] for each in membrane_workspace.requests("hubspot")] == [401, 200]


def test_a_broken_connection_is_disconnected(membrane_workspace: Workspace) -> None:
    ada = membrane_workspace.tenant("ada")
    github = ada.connect("github")

    github.break_("disconnect")

    with pytest.raises(MembraneMockError) as refused:
        ada.act(connection=github, api=REPOSITORIES)
    assert refused.value.code == "CONNECTION_DISCONNECTED"
    assert refused.value.type == "connection"
    assert github.state() == "DISCONNECTED"


def test_a_connection_that_is_not_there_is_an_error(membrane_workspace: Workspace) -> None:
    with pytest.raises(MembraneMockError, match="has no connection `gitlab`; it has `github-dev`, `hubspot-prod`"):
        membrane_workspace.tenant("demo-tenant").connection("gitlab")


# --- time, faults, stubs -----------------------------------------------------------------------------------------


def test_a_clock_stands_still_and_is_moved(membrane_workspace: Workspace) -> None:
    clock = membrane_workspace.clock
    start = datetime(2025, 1, 1, tzinfo=UTC)

    clock.set(start)
    clock.advance("1h30m")
    clock.advance(timedelta(minutes=30))
    assert clock.now() == start + timedelta(hours=2)

    clock.advance(to=start + timedelta(days=1))
    assert clock.now() == start + timedelta(days=1)
    assert clock.settle()["moved"] == 0
    assert clock.set("system")["mode"]["mode"] == "system"


@pytest.mark.parametrize("duration", ["", "1", "1 h", "1y", "-1h"])
def test_a_text_that_is_no_duration_is_refused(membrane_workspace: Workspace, duration: str) -> None:
    with pytest.raises(ValueError, match="is no duration; write it like"):
        membrane_workspace.clock.advance(duration)


def test_a_moment_needs_a_time_zone(membrane_workspace: Workspace) -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        membrane_workspace.clock.set(datetime(2025, 1, 1))


def test_a_fault_breaks_calls_until_its_block_ends(membrane_workspace: Workspace) -> None:
    tenant = membrane_workspace.tenant("demo-tenant")

    with membrane_workspace.fault(on={"operation": "act"}, fault={"respond": {"status": 503}}) as outage:
        with pytest.raises(MembraneMockError) as refused:
            tenant.act(connection="github-dev", api=REPOSITORIES)
        assert refused.value.status == 503
        assert (outage.matched(), outage.fired()) == (1, 1)

    assert tenant.act(connection="github-dev", api=REPOSITORIES)["output"]


def test_a_fault_is_removed_by_hand(membrane_workspace: Workspace) -> None:
    fault = membrane_workspace.fault(name="slow", on={"operation": "act"}, fault={"latency": {"ms": 5}}, times=2)

    assert fault.remove()["name"] == "slow"
    assert membrane_workspace.control.list_faults(membrane_workspace.key)["items"] == []


def test_an_app_answers_what_a_stub_says(membrane_workspace: Workspace) -> None:
    tenant = membrane_workspace.tenant("demo-tenant")
    user: ApiRequest = {"method": "GET", "path": "/user"}

    with membrane_workspace.stub("github", "GET", "/user", json={"login": "grace"}):
        assert tenant.act(connection="github-dev", api=user)["output"] == {"login": "grace"}

    assert tenant.act(connection="github-dev", api=user)["output"] != {"login": "grace"}
    assert [each["path"] for each in membrane_workspace.requests("github")] == ["/user", "/user"]


def test_a_stub_answers_only_what_fits_and_only_so_often(membrane_workspace: Workspace) -> None:
    tenant = membrane_workspace.tenant("demo-tenant")
    membrane_workspace.stub(
        "github", "POST", "/pings", text="pong", status=201, headers={"X-Pong": "1"}, query={"to": "ada"},
        body={"ping": 1}, request_headers={"X-Ping": "1"}, times=1, priority=1, name="ping",
    )  # fmt: skip
    ping: ApiRequest = {
        "method": "POST",
        "path": "/pings",
        "query": {"to": "ada"},
        "headers": {"X-Ping": "1"},
        "body": {"ping": 1},
    }

    assert tenant.act(connection="github-dev", api=ping)["output"] == "pong"
    with pytest.raises(MembraneMockError, match="no stub of `github` answers"):
        tenant.act(connection="github-dev", api=ping)


def test_a_stub_is_for_one_tenant(membrane_workspace: Workspace) -> None:
    user: ApiRequest = {"method": "GET", "path": "/user"}
    membrane_workspace.stub("github", "GET", "/user", json={"login": "ada"}, tenant="ada")
    logins = []
    for key in ("ada", "grace"):
        tenant = membrane_workspace.tenant(key)
        tenant.connect("github", key="github")
        output = cast(dict[str, object], tenant.act(connection="github", api=user)["output"])
        logins.append(output["login"])

    assert logins[0] == "ada"
    assert logins[1] != "ada"


# --- the journal -------------------------------------------------------------------------------------------------


def test_the_journal_is_narrowed_and_cleared(membrane_workspace: Workspace) -> None:
    tenant = membrane_workspace.tenant("demo-tenant")
    tenant.act(connection="github-dev", api=REPOSITORIES)
    tenant.get("/connections")
    journal = membrane_workspace.journal

    [act] = journal.entries(side="api", operation="act", connection="github-dev", status=200)
    assert act["path"] == "/act"
    assert journal.entries(status=404) == []
    assert isinstance(journal.findings(), list)

    journal.clear()
    assert journal.entries() == []


def test_what_was_called_is_verified(membrane_workspace: Workspace) -> None:
    tenant = membrane_workspace.tenant("demo-tenant")
    tenant.act("create-contact", connection="hubspot-prod", input={"email": "ada@example.com"})
    tenant.act("list-contacts", connection="hubspot-prod")
    journal = membrane_workspace.journal
    created: types.Matcher = {"operation": "act", "action": "create-contact"}
    listed: types.Matcher = {"operation": "act", "action": "list-contacts"}

    assert journal.verify({"operation": "act"}, at_least=1, at_most=2)["count"] == 2
    journal.verify(in_order=[created, listed])
    with pytest.raises(AssertionError):
        journal.verify(in_order=[listed, created])


def test_what_was_not_called_fails_with_what_came_nearest(membrane_workspace: Workspace) -> None:
    tenant = membrane_workspace.tenant("demo-tenant")
    tenant.act("create-contact", connection="hubspot-prod", input={"email": "ada@example.com"})

    with pytest.raises(AssertionError) as failed:
        membrane_workspace.journal.verify({"operation": "act", "input": {"email": "ben@example.com"}}, times=1)

    lines = str(failed.value).splitlines()
    assert lines[0].startswith("expected 1 calls like")
    assert lines[1].endswith("POST /act → 200")
    assert lines[2] == '    input.email: wanted "ben@example.com", found "ada@example.com"'


# --- errors ------------------------------------------------------------------------------------------------------


def test_a_wrong_call_says_what_would_work(membrane_workspace: Workspace) -> None:
    github = membrane_workspace.tenant("ada").connect("github")

    with pytest.raises(MembraneMockError) as refused:
        github.poke("finishBuilding")

    error = refused.value
    assert error.status == 400
    assert error.type == "bad_request"
    assert "loseCredentials" in error.message
    assert str(error).endswith(f"answered 400: {error.message}")


def test_an_error_of_the_platform_has_its_envelope(membrane_workspace: Workspace) -> None:
    with pytest.raises(MembraneMockError) as refused:
        membrane_workspace.tenant("ada").get("/connections/nobody")

    error = refused.value
    assert (error.status, error.type, error.key) == (404, "bad_request", "not_found")
    assert "nobody" in error.message


def test_an_answer_that_is_no_json_is_an_error_with_its_text(membrane_workspace: Workspace) -> None:
    respond: types.Answer = {"status": 500, "body": "oops", "headers": {"Content-Type": "text/plain"}}

    with (
        membrane_workspace.fault(fault={"respond": respond}),
        pytest.raises(MembraneMockError) as refused,
    ):
        membrane_workspace.tenant("ada").get("/connections")
    assert (refused.value.status, refused.value.type, refused.value.message) == (500, None, "oops")
