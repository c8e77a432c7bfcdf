"""A web application in Python: a page to connect an app with a form of its own, a list of what can be done, and a log.

It signs its tokens with HS512 and knows its users by ids of its own.
"""

import time
import unittest
import urllib.parse

import jwt

from client import ForkedWorkspaceTest, Workspace, control, send


class Refused(Exception):
    """An answer that is no success, with what the application shows of it."""

    def __init__(self, status: int, body: dict):
        super().__init__(body["message"])
        self.status = status
        self.body = body


class WebApp:
    """What the views of the application do for the user who is signed in."""

    def __init__(self, workspace: Workspace, user: str):
        self.workspace = workspace
        self.user = user

    def _token(self) -> str:
        claims = {"iss": self.workspace.key, "id": self.user, "name": self.user.title(), "exp": int(time.time()) + 300}
        return jwt.encode(claims, self.workspace.secret, algorithm="HS512")

    def _call(self, method: str, path: str, body=None, **query):
        url = self.workspace.api_uri + path + ("?" + urllib.parse.urlencode(query) if query else "")
        answer = send(method, url, self._token(), body)
        if answer.status >= 300:
            raise Refused(answer.status, answer.body)
        return answer.body

    def apps(self) -> list[str]:
        return [each["name"] for each in self._call("GET", "/integrations")["items"]]

    def connect_options(self, key: str) -> list[dict]:
        return self._call("GET", f"/integrations/{key}")["authOptions"]

    def form(self, option: dict) -> list[dict]:
        """The fields of the page, none for an option that sends the user to the app instead."""
        schema = option["ui"]["schema"]
        return [
            {"name": name, "label": field.get("title", name), "required": name in schema.get("required", [])}
            for name, field in schema.get("properties", {}).items()
        ]

    def submit(self, key: str, option: dict, filled: dict) -> dict:
        """Makes a connection of what was filled in."""
        body = {"integrationKey": key, "name": f"{self.user}'s {key}", "authOptionKey": option["key"], "input": filled}
        return self._call("POST", "/connections", body)

    def redirect_to(self, key: str, back: str) -> dict:
        """Begins a connection; its `clientAction` says where the browser is sent."""
        return self._call("POST", "/connect", {"integrationKey": key, "redirectUri": back})

    def connections(self) -> list[dict]:
        return self._call("GET", "/connections")["items"]

    def disconnect(self, connection: dict) -> None:
        self._call("DELETE", f"/connections/{connection['id']}")

    def actions(self, connection: dict) -> dict[str, dict]:
        page = self._call("GET", "/actions", connectionId=connection["id"])
        return {each["key"]: each for each in page["items"]}

    def run(self, connection: dict, key: str, filled: dict) -> dict:
        return self._call("POST", f"/connections/{connection['id']}/actions/{key}/run", filled)

    def log(self, connection: dict) -> list[dict]:
        return self._call("GET", "/action-run-logs", connectionId=connection["id"])["items"]

    def details(self, entry: dict) -> dict:
        return self._call("GET", f"/action-run-logs/{entry['id']}/details")["details"]

    def run_again(self, entry: dict) -> dict:
        return self._call("POST", "/act", entry["action"])


class WebAppTest(ForkedWorkspaceTest):
    def setUp(self):
        super().setUp()
        self.app = WebApp(self.workspace, "grace")

    def control(self, method, path, body=None):
        return control(method, f"/workspaces/{self.workspace.key}{path}", body)

    def asked(self, connector):
        """What the app was asked, as method and path."""
        requests = self.control("GET", f"/upstreams/{connector}/requests")["items"]
        return [(each["method"], each["path"]) for each in requests]

    def connect_stripe(self):
        [option] = self.app.connect_options("stripe")
        return self.app.submit("stripe", option, {"apiKey": "sk_test_of_grace"})


class Connecting(WebAppTest):
    def test_an_app_with_a_key_has_a_form_and_is_connected_by_what_was_filled_in(self):
        self.assertIn("Stripe", self.app.apps())
        [option] = self.app.connect_options("stripe")
        self.assertEqual((option["key"], option["type"], option["title"]), ("default", "client-credentials", "Stripe"))
        self.assertEqual(option["ui"]["schema"], option["inputSchema"])
        self.assertEqual(self.app.form(option), [{"name": "apiKey", "label": "Secret key", "required": True}])

        made = self.app.submit("stripe", option, {"apiKey": "sk_test_of_grace"})

        self.assertEqual((made["state"], made["connected"], made["name"]), ("READY", True, "grace's stripe"))
        self.assertEqual([each["id"] for each in self.app.connections()], [made["id"]])
        test = self.assert_ok(self.workspace.call("POST", f"/connections/{made['id']}/test", token=self.app._token()))
        self.assertEqual(test, {"success": True})

    def test_a_form_that_lacks_a_field_makes_no_connection(self):
        [option] = self.app.connect_options("stripe")

        with self.assertRaisesRegex(Refused, "apiKey") as refused:
            self.app.submit("stripe", option, {})

        self.assertEqual((refused.exception.status, refused.exception.body["type"]), (400, "bad_request"))
        self.assertEqual(self.app.connections(), [])

    def test_a_form_leaves_out_what_the_workspace_has_settled_for_everybody(self):
        manager = self.workspace.manager_token()
        settled = {"apiKey": "sk_test_of_the_workspace"}
        self.assert_ok(self.workspace.call("PATCH", "/integrations/stripe/parameters", settled, token=manager))

        [option] = self.app.connect_options("stripe")
        self.assertEqual(self.app.form(option), [])

        made = self.app.submit("stripe", option, {})
        self.assertTrue(self.app.run(made, "list-customers", {})["output"]["data"])

    def test_an_app_with_oauth_has_no_form_and_sends_the_browser_there_and_back(self):
        [option] = self.app.connect_options("github")
        self.assertEqual((option["key"], option["type"]), ("default", "oauth2"))
        self.assertEqual(self.app.form(option), [])

        begun = self.app.redirect_to("github", "https://app.example/connected?user=grace")

        page = urllib.parse.urlsplit(begun["clientAction"]["uiUrl"])
        self.assertEqual(page.netloc, urllib.parse.urlsplit(self.workspace.api_uri).netloc)
        self.control("POST", f"/connections/{begun['id']}/complete", {"account": "grace@example.com"})
        [connection] = self.app.connections()
        self.assertEqual((connection["id"], connection["disconnected"]), (begun["id"], False))

    def test_options_are_shown_of_one_integration_only(self):
        page = self.assert_ok(self.workspace.call("GET", "/integrations", token=self.app._token()))

        self.assertEqual([each["key"] for each in page["items"] if "authOptions" in each], [])

    def test_what_was_disconnected_is_gone_and_can_be_connected_anew(self):
        first = self.connect_stripe()

        self.app.disconnect(first)

        self.assertEqual(self.app.connections(), [])
        with self.assertRaises(Refused):
            self.app.run(first, "list-customers", {})
        self.assertEqual(self.asked("stripe"), [])
        second = self.connect_stripe()
        self.assertNotEqual(second["id"], first["id"])
        self.assertTrue(self.app.run(second, "list-customers", {})["output"]["data"])


class Acting(WebAppTest):
    def setUp(self):
        super().setUp()
        self.connection = self.connect_stripe()

    def test_an_action_of_the_list_is_run_and_logged(self):
        action = self.app.actions(self.connection)["list-customers"]
        self.assertIn("limit", action["inputSchema"]["properties"])

        run = self.app.run(self.connection, action["key"], {"limit": 2})

        self.assertEqual(self.asked("stripe"), [("GET", "/v1/customers?limit=2")])
        [entry] = self.app.log(self.connection)
        self.assertEqual((entry["id"], entry["status"]), (run["actionRunId"], "success"))
        self.assertEqual(entry["input"], {"limit": 2})
        details = self.app.details(entry)
        self.assertEqual(details["response"]["data"], run["output"])
        self.assertNotIn("sk_test_of_grace", str(details))

    def test_a_run_that_failed_is_run_again_from_the_log(self):
        stub = {"request": {"method": "GET", "path": "/v1/customers"}, "respond": {"status": 503}, "times": 1, "priority": 1}
        self.control("POST", "/upstreams/stripe/stubs", stub)
        with self.assertRaises(Refused) as refused:
            self.app.run(self.connection, "list-customers", {"limit": 2})
        self.assertEqual(refused.exception.body["type"], "action_run")
        [failed] = self.app.log(self.connection)
        self.assertEqual((failed["id"], failed["status"]), (refused.exception.body["actionRunId"], "error"))

        again = self.app.run_again(failed)

        self.assertTrue(again["output"]["data"])
        self.assertEqual(self.asked("stripe"), [("GET", "/v1/customers?limit=2")] * 2)
        self.assertEqual([each["status"] for each in self.app.log(self.connection)], ["success", "error"])

    def test_another_user_has_neither_the_connection_nor_its_log(self):
        run = self.app.run(self.connection, "list-customers", {})
        other = WebApp(self.workspace, "mallory")

        self.assertEqual(other.connections(), [])
        with self.assertRaises(Refused) as refused:
            other.run(self.connection, "list-customers", {})
        self.assertEqual(refused.exception.body["key"], "not_found")
        with self.assertRaises(Refused) as refused:
            other.details({"id": run["actionRunId"]})
        self.assertEqual(refused.exception.body["key"], "not_found")
        self.assertEqual(len(self.asked("stripe")), 1)


if __name__ == "__main__":
    unittest.main()
