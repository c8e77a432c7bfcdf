"""What a small Python program that uses the platform has: a minted token and urllib.

Also a fork of the demo workspace for each test that asks for one, through the control API.

Start: pip install -r tests/clients/python/requirements.txt
       membrane-mock exec -- python3 -m unittest discover -s tests/clients/python
"""

import datetime
import json
import os
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

import jwt

# `datetime.datetime.now()` in the recipe below has no time zone and PyJWT reads it as UTC: where local time is behind
# UTC the token would be born expired. One test shows that; all others run as a server does, in UTC.
os.environ["TZ"] = "UTC"
time.tzset()

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Answer:
    status: int
    body: Any


def send(method: str, url: str, token: str | None = None, body: Any = None) -> Answer:
    """Sends one request and returns its answer, an error's too."""
    headers = {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None
    if body is not None:
        headers["Content-Type"] = "application/json"
        data = json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with _opener.open(request) as response:
            return Answer(response.status, _json(response.read()))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _json(error.read()))


def _json(raw: bytes) -> Any:
    return json.loads(raw) if raw else None


def recipe_token(workspace_key: str, workspace_secret: str, tenant_key: str, name: str = "Acme Inc") -> str:
    """The documented recipe for Python, as it is written."""
    token = jwt.encode(
        {
            "workspaceKey": workspace_key,
            "tenantKey": tenant_key,
            "name": name,
            "exp": datetime.datetime.now() + datetime.timedelta(seconds=7200),
        },
        workspace_secret,
        algorithm="HS256",
    )
    return token


@dataclass
class Workspace:
    key: str
    secret: str
    api_uri: str
    tenant_key: str

    def tenant_token(self, tenant_key: str | None = None) -> str:
        return recipe_token(self.key, self.secret, tenant_key or self.tenant_key)

    def manager_token(self) -> str:
        return jwt.encode({"workspaceKey": self.key, "isAdmin": True}, self.secret, algorithm="HS256")

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, query: dict | None = None
    ) -> Answer:
        """Calls the API as the default tenant, or as whoever `token` is."""
        url = self.api_uri + path + ("?" + urllib.parse.urlencode(query) if query else "")
        return send(method, url, token or self.tenant_token(), body)

    def poke(self, connection: str, event: str) -> None:
        control("POST", f"/workspaces/{self.key}/connections/{connection}/poke", {"event": event})


def control(method: str, path: str, body: Any = None) -> Any:
    answer = send(
        method, os.environ["MEMBRANE_MOCK_CONTROL_URL"] + path, os.environ.get("MEMBRANE_MOCK_CONTROL_TOKEN"), body
    )
    if answer.status >= 300:
        raise AssertionError(f"{method} {path} answered {answer.status}: {answer.body}")
    return answer.body


def given_workspace() -> Workspace:
    """The workspace that the environment names."""
    return Workspace(
        os.environ["MEMBRANE_WORKSPACE_KEY"],
        os.environ["MEMBRANE_WORKSPACE_SECRET"],
        os.environ["MEMBRANE_API_URI"],
        os.environ["MEMBRANE_TENANT_KEY"],
    )


class ForkedWorkspaceTest(unittest.TestCase):
    """Every test has a fresh copy of the demo workspace as `self.workspace`."""

    def setUp(self) -> None:
        made = control("POST", "/workspaces", {})
        self.addCleanup(control, "DELETE", f"/workspaces/{made['key']}")
        self.workspace = Workspace(made["key"], made["secret"], made["apiUri"], made["tenantKey"])

    def assert_ok(self, answer: Answer) -> Any:
        self.assertEqual(answer.status, 200, answer.body)
        return answer.body

    def assert_refused(self, answer: Answer, status: int, key: str) -> Any:
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.body["key"], key)
        self.assertTrue(answer.body["type"])
        self.assertTrue(answer.body["message"])
        return answer.body
