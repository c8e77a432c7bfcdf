"""List, connect, act, read the logs, fail: the way of a Python backend through the API."""

import os
import unittest

from client import ForkedWorkspaceTest, given_workspace, send

LIST_REPOS = {"method": "GET", "path": "/user/repos"}


class GivenEnvironment(unittest.TestCase):
    def test_the_exported_token_names_the_exported_tenant_and_workspace(self):
        answer = send("GET", os.environ["MEMBRANE_API_URL"] + "/self", os.environ["MEMBRANE_TOKEN"])

        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.body["internalId"], os.environ["MEMBRANE_TENANT_KEY"])
        self.assertEqual(answer.body["workspaceKey"], os.environ["MEMBRANE_WORKSPACE_KEY"])

    def test_a_token_minted_with_the_exported_secret_lists_the_demo_connections(self):
        answer = given_workspace().call("GET", "/connections")

        self.assertEqual(answer.status, 200, answer.body)
        self.assertLessEqual({"github-dev", "hubspot-prod"}, {item["key"] for item in answer.body["items"]})


class Listing(ForkedWorkspaceTest):
    def test_every_demo_integration_is_listed_on_one_page_without_a_cursor(self):
        page = self.assert_ok(self.workspace.call("GET", "/integrations"))

        expected = {
            "github",
            "hubspot",
            "gmail",
            "slack",
            "linear",
            "notion",
            "google-sheets",
            "stripe",
            "salesforce",
            "pipedrive",
        }
        self.assertLessEqual(expected, {item["key"] for item in page["items"]})
        self.assertNotIn("cursor", page)

    def test_pages_that_are_followed_by_cursor_give_each_integration_once(self):
        whole = [item["key"] for item in self.workspace.call("GET", "/integrations").body["items"]]

        keys, cursor = [], "0"
        while cursor:
            page = self.assert_ok(self.workspace.call("GET", "/integrations", query={"limit": 3, "cursor": cursor}))
            self.assertLessEqual(len(page["items"]), 3)
            keys += [item["key"] for item in page["items"]]
            self.assertLessEqual(len(keys), len(whole), "the pages do not end")
            cursor = page.get("cursor")

        self.assertEqual(keys, whole)

    def test_connections_are_ready_carry_their_integration_and_can_be_narrowed_to_it(self):
        page = self.assert_ok(self.workspace.call("GET", "/connections", query={"integrationKey": "github"}))

        self.assertEqual([item["key"] for item in page["items"]], ["github-dev"])
        connection = page["items"][0]
        self.assertEqual(connection["state"], "READY")
        self.assertIs(connection["disconnected"], False)
        self.assertEqual(connection["integration"]["key"], "github")
        self.assertEqual(connection["integrationId"], connection["integration"]["id"])

    def test_another_tenant_sees_neither_the_connections_nor_one_by_its_id(self):
        mine = self.workspace.call("GET", "/connections/github-dev").body["id"]
        stranger = self.workspace.tenant_token("somebody-else")

        page = self.assert_ok(self.workspace.call("GET", "/connections", token=stranger))

        self.assertEqual(page["items"], [])
        self.assert_refused(self.workspace.call("GET", f"/connections/{mine}", token=stranger), 404, "not_found")


class Connecting(ForkedWorkspaceTest):
    def connect_slack(self):
        return self.assert_ok(
            self.workspace.call("POST", "/connect", {"connectorKey": "slack", "connectionKey": "slack-team"})
        )

    def test_connecting_by_connector_asks_for_an_action_of_the_user_at_an_address(self):
        connection = self.connect_slack()

        self.assertEqual(connection["key"], "slack-team")
        self.assertEqual(connection["state"], "CLIENT_ACTION_REQUIRED")
        self.assertEqual(connection["clientAction"]["type"], "connect")
        self.assertTrue(connection["clientAction"]["uiUrl"].startswith("http"), connection["clientAction"])

    def test_the_new_connection_is_found_under_its_key_and_id(self):
        connection = self.connect_slack()

        for selector in (connection["id"], "slack-team"):
            found = self.assert_ok(self.workspace.call("GET", f"/connections/{selector}"))
            self.assertEqual(found["id"], connection["id"])
            self.assertEqual(found["state"], "CLIENT_ACTION_REQUIRED")

    def test_connecting_again_under_the_same_key_gives_the_same_connection(self):
        self.assertEqual(self.connect_slack()["id"], self.connect_slack()["id"])

    def test_reconnecting_by_id_keeps_the_record_and_asks_the_user_again(self):
        existing = self.workspace.call("GET", "/connections/github-dev").body

        again = self.assert_ok(self.workspace.call("POST", "/connect", {"connectionId": existing["id"]}))

        self.assertEqual(again["id"], existing["id"])
        self.assertEqual(again["state"], "CLIENT_ACTION_REQUIRED")

    def test_connecting_to_an_unknown_integration_says_that_it_was_not_found(self):
        answer = self.workspace.call("POST", "/connect", {"integrationKey": "no-such-integration"})

        error = self.assert_refused(answer, 404, "not_found")
        self.assertRegex(error["message"], r"(?i)^integration not found")


class Acting(ForkedWorkspaceTest):
    def act(self, **body):
        return self.workspace.call("POST", "/act", body)

    def test_an_inline_request_returns_what_the_external_app_answered(self):
        result = self.assert_ok(self.act(connectionKey="github-dev", api=LIST_REPOS))

        self.assertIsInstance(result["output"], list)
        self.assertTrue(result["output"])
        self.assertTrue(result["actionRunId"])

    def test_inline_code_returns_its_return_value(self):
        code = """
            module.exports = ({ input, connection, integration }) => ({
              sum: input.a + input.b,
              connection: connection.key,
              integration: integration.key,
            })
        """

        result = self.assert_ok(self.act(connectionKey="github-dev", code=code, input={"a": 2, "b": 3}))

        self.assertEqual(result["output"], {"sum": 5, "connection": "github-dev", "integration": "github"})
        self.assertTrue(result["actionRunId"])

    def test_a_reusable_action_runs_by_key_through_the_connection_of_its_integration(self):
        result = self.assert_ok(self.act(key="list-contacts", connectionKey="hubspot-prod", input={}))

        self.assertIn("output", result)
        self.assertTrue(result["actionRunId"])

    def test_a_reusable_action_runs_by_the_id_that_the_list_gives(self):
        page = self.assert_ok(self.workspace.call("GET", "/actions", query={"connectionKey": "github-dev"}))
        action = next(item for item in page["items"] if item["key"] == "create-issue")

        result = self.assert_ok(self.act(id=action["id"], connectionKey="github-dev", input={"title": "Hello"}))

        self.assertTrue(result["actionRunId"])

    def test_two_ways_of_dispatch_in_one_call_are_refused_with_a_run_id(self):
        answer = self.act(connectionKey="github-dev", api=LIST_REPOS, key="create-issue")

        self.assertEqual(answer.status, 400, answer.body)
        self.assertEqual(answer.body["type"], "bad_request")
        self.assertTrue(answer.body["actionRunId"])

    def test_input_without_a_required_field_is_refused_and_names_the_field(self):
        answer = self.act(key="create-issue", connectionKey="github-dev", input={})

        self.assertEqual(answer.status, 400, answer.body)
        self.assertIn("title", str(answer.body))
        self.assertTrue(answer.body["actionRunId"])


class Logs(ForkedWorkspaceTest):
    def test_the_log_of_a_run_tells_action_input_connection_and_integration(self):
        run = self.workspace.call(
            "POST", "/act", {"key": "create-issue", "connectionKey": "github-dev", "input": {"title": "Hello"}}
        ).body

        log = self.assert_ok(self.workspace.call("GET", f"/action-run-logs/{run['actionRunId']}"))

        self.assertEqual(log["id"], run["actionRunId"])
        self.assertEqual(log["status"], "success")
        self.assertEqual(log["input"], {"title": "Hello"})
        self.assertEqual(log["action"]["key"], "create-issue")
        self.assertEqual(log["connection"]["key"], "github-dev")
        self.assertEqual(log["integration"]["key"], "github")
        self.assertNotIn("details", log)

    def test_the_details_hold_the_exchange_with_the_external_app(self):
        run = self.workspace.call("POST", "/act", {"connectionKey": "github-dev", "api": LIST_REPOS}).body

        log = self.assert_ok(self.workspace.call("GET", f"/action-run-logs/{run['actionRunId']}/details"))

        self.assertEqual(log["id"], run["actionRunId"])
        self.assertEqual(log["details"]["request"]["method"], "GET")
        self.assertEqual(log["details"]["request"]["url"], "https://api.github.com/user/repos")
        self.assertEqual(log["details"]["response"]["status"], 200)
        self.assertEqual(log["details"]["response"]["data"], run["output"])

    def test_the_list_of_logs_has_the_newest_run_first(self):
        runs = [
            self.workspace.call("POST", "/act", {"connectionKey": "github-dev", "api": LIST_REPOS}).body["actionRunId"]
            for _ in range(2)
        ]

        page = self.assert_ok(self.workspace.call("GET", "/action-run-logs", query={"limit": 2}))

        self.assertEqual([item["id"] for item in page["items"]], runs[::-1])


class Disconnected(ForkedWorkspaceTest):
    def setUp(self):
        super().setUp()
        self.workspace.poke("github-dev", "loseCredentials")

    def test_acting_answers_with_the_code_the_connection_and_a_run_id(self):
        answer = self.workspace.call("POST", "/act", {"connectionKey": "github-dev", "api": LIST_REPOS})

        self.assertEqual(answer.status, 400, answer.body)
        self.assertEqual(answer.body["type"], "connection")
        self.assertEqual(answer.body["code"], "CONNECTION_DISCONNECTED")
        self.assertTrue(answer.body["actionRunId"])
        self.assertEqual(
            answer.body["data"]["connectionId"], self.workspace.call("GET", "/connections/github-dev").body["id"]
        )

    def test_the_failed_run_is_in_the_log_as_an_error(self):
        run = self.workspace.call("POST", "/act", {"connectionKey": "github-dev", "api": LIST_REPOS}).body[
            "actionRunId"
        ]

        log = self.assert_ok(self.workspace.call("GET", f"/action-run-logs/{run}"))

        self.assertEqual(log["status"], "error")
        self.assertTrue(log["error"])

    def test_the_connection_shows_that_it_is_disconnected_and_the_other_one_still_works(self):
        connection = self.assert_ok(self.workspace.call("GET", "/connections/github-dev"))

        self.assertIs(connection["disconnected"], True)
        self.assertEqual(connection["state"], "DISCONNECTED")
        self.assert_ok(self.workspace.call("POST", "/act", {"key": "list-contacts", "connectionKey": "hubspot-prod"}))


class Rights(ForkedWorkspaceTest):
    ACTION = {
        "key": "list-users",
        "type": "api-request-to-external-app",
        "integrationKey": "github",
        "config": {"request": {"method": "GET", "path": "/users"}},
    }

    def test_a_tenant_may_not_create_an_action(self):
        self.assert_refused(self.workspace.call("POST", "/actions", self.ACTION), 403, "access_denied")

    def test_a_manager_creates_an_action_that_the_tenant_then_sees(self):
        made = self.assert_ok(
            self.workspace.call("POST", "/actions", self.ACTION, token=self.workspace.manager_token())
        )

        self.assertEqual(made["state"], "READY")
        found = self.assert_ok(self.workspace.call("GET", f"/actions/{made['id']}"))
        self.assertEqual(found["key"], "list-users")

    def test_a_tenant_may_not_change_integration_parameters_but_a_manager_may(self):
        body = {"clientId": "a-client", "clientSecret": "not-a-real-secret"}

        self.assert_refused(self.workspace.call("PATCH", "/integrations/github/parameters", body), 403, "access_denied")
        self.assert_ok(
            self.workspace.call("PATCH", "/integrations/github/parameters", body, token=self.workspace.manager_token())
        )

    def test_a_tenant_may_not_change_the_workspace(self):
        answer = self.workspace.call(
            "PATCH", f"/workspaces/{self.workspace.key}", {"settings": {"enableApiLogs": True}}
        )

        self.assert_refused(answer, 403, "access_denied")


if __name__ == "__main__":
    unittest.main()
