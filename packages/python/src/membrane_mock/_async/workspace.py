"""A workspace: a world of its own, which nothing of another one reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self, Unpack, cast

from membrane_mock import types
from membrane_mock._async.caller import AsyncManager, AsyncTenant
from membrane_mock._async.clock import AsyncClock
from membrane_mock._async.journal import AsyncJournal
from membrane_mock._async.rules import AsyncFault, AsyncStub
from membrane_mock._async.transport import AsyncTransport
from membrane_mock._control.async_client import AsyncControl


class AsyncWorkspace:
    """A workspace with its credentials; `async with` deletes it."""

    def __init__(self, control_url: str, control: AsyncControl, made: types.Workspace) -> None:
        self._control_url = control_url
        self._api = AsyncTransport(made["apiUri"])
        self.control = control
        """The whole control API, whose operations take this workspace's `key`."""
        self.key = made["key"]
        """The key, which tokens name."""
        self.secret = made["secret"]
        """The secret that tokens are signed with."""
        self.api_uri = made["apiUri"]
        """The address of the platform's API."""
        self.tenant_key = made["tenantKey"]
        """The key of the tenant that has connections already."""
        self.tenant_token = made["tenantToken"]
        """A token of that tenant."""
        self.manager_token = made["managerToken"]
        """A token of a manager."""
        self.clock = AsyncClock(control, self.key)
        """The workspace's time."""
        self.journal = AsyncJournal(control, self.key)
        """What was called."""
        self.manager = AsyncManager(self._api, self.manager_token)
        """The platform's API as a manager calls it."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key}>"

    @property
    def env(self) -> dict[str, str]:
        """The environment that a product is given, as `membrane-mock exec` gives it."""
        return {
            "MEMBRANE_API_URI": self.api_uri,
            "MEMBRANE_API_URL": self.api_uri,
            "MEMBRANE_UI_URI": self.api_uri,
            "MEMBRANE_WORKSPACE_KEY": self.key,
            "MEMBRANE_WORKSPACE_SECRET": self.secret,
            "MEMBRANE_TENANT_KEY": self.tenant_key,
            "MEMBRANE_TOKEN": self.tenant_token,
            "MEMBRANE_MOCK_CONTROL_URL": self._control_url,
        }

    def tenant(self, key: str) -> AsyncTenant:
        """Returns the tenant with this key; any key works, and a new tenant has no connections."""
        return AsyncTenant(self._api, self.control, self.key, self.secret, key)

    async def fault(self, **rule: Unpack[types.RuleInput]) -> AsyncFault:
        """Breaks calls from now on: `fault={"respond": {"status": 503}}, on={"operation": "act"}, times=2`.

        The rule holds until it is removed, which `async with` does at its end.
        """
        # One rule is answered with one, a list with a list.
        standing = cast(types.Standing, await self.control.add_fault(self.key, rule))
        return AsyncFault(self.control, self.key, standing["id"])

    async def stub(
        self,
        connector: str,
        method: str,
        path: str,
        *,
        json: object = None,
        text: str | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: object = None,
        request_headers: Mapping[str, str] | None = None,
        times: int | None = None,
        priority: int | None = None,
        scopes: Sequence[str] = (),
        tenant: str | None = None,
        name: str | None = None,
    ) -> AsyncStub:
        """Says what an app answers: `"github", "GET", "/user", json={"login": "ada"}`.

        `query`, `body` and `request_headers` are what a request must have for this answer, `tenant` is the key of the
        one for whom it must be made, `times` is how often it is given. The stub answers until it is removed, which
        `async with` does at its end.
        """
        request: types.RequestPattern = {"method": method, "path": path}
        if query:
            request["query"] = query
        if body is not None:
            request["body"] = body
        if request_headers:
            request["headers"] = request_headers
        if tenant is not None:
            request["tenant"] = tenant
        respond: types.StubAnswerInput = {"status": status, "headers": headers or {}}
        if json is not None:
            respond["json"] = json
        if text is not None:
            respond["text"] = text
        stub: types.Stub = {"name": name, "request": request, "respond": respond, "times": times, "scopes": scopes}
        if priority is not None:
            stub["priority"] = priority
        stored = await self.control.add_stub(self.key, connector, stub)
        return AsyncStub(self.control, self.key, connector, stored["id"])

    async def requests(self, connector: str) -> list[types.Entry]:
        """Returns what an app was asked, oldest first."""
        return (await self.control.list_requests(self.key, connector))["items"]

    async def scenario(self, name: str, /, **parameters: object) -> types.ScenarioRun:
        """Begins a scenario, such as `"vendor-outage", connector="github", minutes=5`."""
        return await self.control.start_scenario(self.key, name, {"parameters": parameters})

    async def snapshot(self, name: str | None = None) -> types.Snapshot:
        """Takes a checkpoint; one of the same name is replaced."""
        return await self.control.take_snapshot(self.key, {"name": name})

    async def restore(self, snapshot: str | types.Snapshot) -> None:
        """Goes back to a checkpoint, by its id or its name."""
        await self.control.restore_snapshot(self.key, snapshot if isinstance(snapshot, str) else snapshot["id"])

    async def report(self) -> list[types.ReportLine]:
        """Returns what went wrong in the workspace's calls, a line each."""
        return (await self.control.get_report(self.key))["items"]

    async def delete(self) -> None:
        """Removes the workspace."""
        await self.control.delete_workspace(self.key)
        await self._api.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.delete()
