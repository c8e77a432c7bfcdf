"""The user's own app in Python: what the fake sends to it, judged by a receiver that checks the token with PyJWT."""

import json
import queue
import threading
import unittest
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

from client import ForkedWorkspaceTest, control

NEWER = "x-membrane-token"
FORMER = "x-integration-app-token"

# The app's own users, by the ids that it gives them.
USERS = {"user-1": "Ada", "user-2": "Grace"}


@dataclass
class Seen:
    """One request, and what the receiver found and answered."""

    headers: dict
    path: str
    body: dict | None
    status: int
    answered: dict
    claims: dict = field(default_factory=dict)


class Receiver:
    """An HTTP server that takes only requests whose token the workspace has signed for one of its users."""

    def __init__(self, secret: str, issuer: str):
        self.secret = secret
        self.issuer = issuer
        self._seen: queue.SimpleQueue[Seen] = queue.SimpleQueue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                seen = receiver.judge(headers, self.path, json.loads(raw) if raw else None)
                body = json.dumps(seen.answered).encode()
                self.send_response(seen.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                receiver._seen.put(seen)

            do_GET = do_POST = answer

            def log_message(self, *_: object) -> None:
                """Writes nothing: what is wrong is in the answers."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # It looks this often, in seconds, whether it is to end.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def judge(self, headers: dict, path: str, body: dict | None) -> Seen:
        """The check of the vendor's receivers, which also wants to know the workspace and when the token ends."""
        try:
            claims = jwt.decode(
                headers[FORMER],
                self.secret,
                algorithms=["HS256"],
                issuer=self.issuer,
                options={"require": ["sub", "exp"]},
            )
            return Seen(headers, path, body, 200, {"name": USERS[claims["sub"]], "fields": claims["fields"]}, claims)
        except jwt.InvalidTokenError as error:
            return Seen(headers, path, body, 401, {"message": str(error)})
        except KeyError as missing:
            return Seen(headers, path, body, 401, {"message": f"no {missing.args[0]}"})

    def next(self) -> Seen:
        """The next request that this was not asked for yet, as soon as it is answered."""
        try:
            return self._seen.get(timeout=30)
        except queue.Empty:
            raise AssertionError("the receiver was not called") from None


class ReceiverTest(ForkedWorkspaceTest):
    def setUp(self) -> None:
        super().setUp()
        self.receiver = Receiver(self.workspace.secret, self.workspace.key)
        self.addCleanup(self.receiver.close)
        self.change_workspace(apiBaseUri=self.receiver.url)

    def as_manager(self, method, path, body):
        answer = self.workspace.call(method, path, body, token=self.workspace.manager_token())
        return self.assert_ok(answer)

    def change_workspace(self, **changes):
        self.as_manager("PATCH", f"/workspaces/{self.workspace.key}", changes)

    def control(self, method, path, body=None):
        return control(method, f"/workspaces/{self.workspace.key}{path}", body)

    def token_of(self, user, **more):
        claims = {"workspaceKey": self.workspace.key, "tenantKey": user, "name": USERS.get(user, "Mallory"), **more}
        return jwt.encode(claims, self.workspace.secret, algorithm="HS256")

    def make_action(self, kind="api-request-to-your-app", **request):
        config = {"request": {"method": "GET", **request}}
        self.as_manager("POST", "/actions", {"key": "profile", "name": "Profile", "type": kind, "config": config})

    def make_connection(self, token):
        shop = {"key": "shop", "name": "Shop", "integrationKey": "stripe", "credentials": {"apiKey": "sk_test_fake"}}
        return self.assert_ok(self.workspace.call("POST", "/connections", shop, token=token))

    def run_action(self, token):
        return self.workspace.call("POST", "/actions/profile/run", {"input": {}}, token=token)

    def assert_taken(self, user):
        """The receiver's next request was one of this user, under both names of the header."""
        seen = self.receiver.next()
        self.assertEqual(seen.status, 200, seen.answered)
        self.assertEqual(seen.headers[NEWER], seen.headers[FORMER])
        self.assertEqual((seen.claims["sub"], seen.claims["id"]), (user, user))
        self.assertEqual(seen.claims["name"], USERS[user])
        return seen

    def assert_run_refused(self, answer, message):
        self.assertEqual(answer.status, 400, answer.body)
        self.assertEqual(answer.body["type"], "action_run")
        self.assertEqual(answer.body["data"]["response"]["status"], 401)
        self.assertEqual(answer.body["data"]["response"]["data"], {"message": message})


class Requests(ReceiverTest):
    def test_an_action_reaches_the_receiver_which_finds_its_user_and_fields(self):
        self.make_action(path="/profile")

        run = self.assert_ok(self.run_action(self.token_of("user-1", fields={"plan": "pro"})))

        self.assert_taken("user-1")
        self.assertEqual(run["output"], {"name": "Ada", "fields": {"plan": "pro"}})

    def test_a_tenant_without_fields_has_none(self):
        self.make_action(path="/profile")

        self.assert_ok(self.run_action(self.token_of("user-2")))

        self.assertEqual(self.assert_taken("user-2").claims["fields"], {})

    def test_a_receiver_with_another_secret_refuses_and_that_is_the_error_of_the_run(self):
        self.make_action(path="/profile")
        self.receiver.secret = "not-" + self.workspace.secret

        self.assert_run_refused(self.run_action(self.token_of("user-1")), "Signature verification failed")

    def test_a_receiver_that_does_not_know_the_user_refuses(self):
        self.make_action(path="/profile")

        self.assert_run_refused(self.run_action(self.token_of("user-3")), "no user-3")

    def test_a_node_of_a_flow_reaches_the_receiver_for_the_tenant_of_its_run(self):
        token = self.token_of("user-1")
        ask = {"type": "api-request-to-your-app", "config": {"request": {"method": "GET", "path": "/profile"}}}
        nodes = {"start": {"type": "api-trigger", "links": [{"key": "ask"}]}, "ask": ask}
        self.as_manager("POST", "/flows", {"key": "ask", "name": "Ask", "nodes": nodes})
        self.make_connection(token)

        self.assert_ok(self.workspace.call("POST", "/connections/shop/flows/ask/run", {"input": {}}, token=token))

        self.assertEqual(self.assert_taken("user-1").path, "/profile")

    def test_an_http_request_carries_no_token_also_to_the_same_address(self):
        self.make_action("http-request", uri=self.receiver.url + "/profile")

        self.assert_run_refused(self.run_action(self.token_of("user-1")), f"no {FORMER}")

        headers = self.receiver.next().headers
        self.assertNotIn(NEWER, headers)
        self.assertNotIn(FORMER, headers)

    def test_the_receiver_has_real_time_though_the_workspace_lives_in_2025(self):
        self.control("PUT", "/clock", {"mode": "2025-01-01T00:00:00Z"})
        self.make_action(path="/profile")

        self.assert_ok(self.run_action(self.token_of("user-1")))

        self.assert_taken("user-1")


class Webhooks(ReceiverTest):
    def test_a_webhook_is_verified_and_names_its_user_and_integration(self):
        self.change_workspace(webhookUri=self.receiver.url + "/webhooks")
        token = self.token_of("user-1")
        connection = {"connectorKey": "slack", "connectionKey": "team"}
        begun = self.assert_ok(self.workspace.call("POST", "/connect", connection, token=token))

        self.control("POST", f"/connections/{begun['id']}/complete", {})

        seen = self.assert_taken("user-1")
        self.assertEqual((seen.path, seen.body["eventType"]), ("/webhooks", "connection.created"))
        data = seen.body["data"]
        user, integration = data["connection"]["user"], data["connection"]["integration"]
        self.assertEqual((user["id"], user["internalId"], user["name"]), (data["tenantId"], "user-1", "Ada"))
        self.assertEqual((integration["id"], integration["key"]), (data["integrationId"], "slack"))
        self.assertEqual(integration["name"], "Slack")

    def test_a_webhook_that_was_refused_is_taken_once_the_workspace_has_the_receivers_secret(self):
        self.control("PUT", "/clock", {"mode": "2025-01-01T00:00:00Z"})
        shop = self.make_connection(self.token_of("user-1"))
        self.change_workspace(webhookUri=self.receiver.url + "/webhooks")
        self.receiver.secret = "another-secret-that-is-not-real-" * 3

        self.workspace.poke(shop["id"], "loseCredentials")
        refused = self.receiver.next()
        self.control("POST", "/clock/settle")
        self.change_workspace(secret=self.receiver.secret)
        self.control("POST", "/clock/advance", {"ms": 1000})

        self.assertEqual((refused.status, refused.answered), (401, {"message": "Signature verification failed"}))
        self.assertEqual(self.assert_taken("user-1").body, refused.body)


if __name__ == "__main__":
    unittest.main()
