"""Who calls the platform's API: a manager, or a tenant with what a tenant's user does."""

from __future__ import annotations

from collections.abc import Mapping

from membrane_mock import types
from membrane_mock._async.connection import AsyncConnection
from membrane_mock._async.transport import AsyncTransport
from membrane_mock._control.async_client import AsyncControl
from membrane_mock._json import ActionRun, Answer, ApiRequest
from membrane_mock._token import tenant_token
from membrane_mock.errors import MembraneMockError


class AsyncCaller:
    """The platform's API with somebody's token; an answer of 400 or more raises `MembraneMockError`."""

    def __init__(self, api: AsyncTransport) -> None:
        self._api = api

    @property
    def token(self) -> str:
        """The token that calls carry."""
        raise NotImplementedError

    async def get(self, path: str, *, params: Mapping[str, object] | None = None) -> Answer:
        """Sends a GET and returns the JSON of its answer."""
        return await self._api.request("GET", path, query=params, token=self.token)

    async def post(self, path: str, json: object = None, *, params: Mapping[str, object] | None = None) -> Answer:
        """Sends a POST and returns the JSON of its answer."""
        return await self._api.request("POST", path, json=json, query=params, token=self.token)

    async def put(self, path: str, json: object = None, *, params: Mapping[str, object] | None = None) -> Answer:
        """Sends a PUT and returns the JSON of its answer."""
        return await self._api.request("PUT", path, json=json, query=params, token=self.token)

    async def patch(self, path: str, json: object = None, *, params: Mapping[str, object] | None = None) -> Answer:
        """Sends a PATCH and returns the JSON of its answer."""
        return await self._api.request("PATCH", path, json=json, query=params, token=self.token)

    async def delete(self, path: str, *, params: Mapping[str, object] | None = None) -> Answer:
        """Sends a DELETE and returns the JSON of its answer."""
        return await self._api.request("DELETE", path, query=params, token=self.token)


class AsyncManager(AsyncCaller):
    """A manager of the workspace."""

    def __init__(self, api: AsyncTransport, token: str) -> None:
        super().__init__(api)
        self._token = token

    @property
    def token(self) -> str:
        """The manager's token."""
        return self._token


class AsyncTenant(AsyncCaller):
    """A tenant: a customer of the product, with connections of its own."""

    def __init__(
        self, api: AsyncTransport, control: AsyncControl, workspace_key: str, workspace_secret: str, key: str
    ) -> None:
        super().__init__(api)
        self._control = control
        self._workspace_key = workspace_key
        self._workspace_secret = workspace_secret
        self.key = key
        """The key, which tokens name."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key}>"

    @property
    def token(self) -> str:
        """A token of the tenant, minted here as a product mints it, valid for a day."""
        return tenant_token(self._workspace_key, self._workspace_secret, self.key)

    async def connect(
        self,
        connector: str,
        *,
        key: str | None = None,
        name: str | None = None,
        account: str | None = None,
        input: Mapping[str, object] | None = None,
    ) -> AsyncConnection:
        """Makes a connection that is READY: the user goes the whole way of the pages.

        `account` is who consents at the vendor, `input` what the user types where the app asks for keys.

        Raises:
            MembraneMockError: the connection did not become READY; the message has its state.
        """
        connection = await self.begin(connector, key=key, name=name)
        state = await connection.state()
        if state == "CLIENT_ACTION_REQUIRED":
            state = (await connection.complete(account=account, input=input))["state"]
        if state != "READY":
            raise MembraneMockError(f"connection `{connection.key}` is {state}, not READY")
        return connection

    async def begin(self, connector: str, *, key: str | None = None, name: str | None = None) -> AsyncConnection:
        """Begins a connection as the product does; most wait for their user, see `complete`, `cancel` and `fail`."""
        given = {"connectorKey": connector, "connectionKey": key, "name": name}
        made = await self.post("/connect", {field: value for field, value in given.items() if value is not None})
        return AsyncConnection(self._control, self._workspace_key, made["id"], made.get("key"))

    async def connections(self) -> list[types.Connection]:
        """Returns the tenant's connections; the journal does not show it."""
        # A tenant that has not called yet is not known, so the query does not name it.
        listed = await self._control.list_connections(self._workspace_key)
        return [each for each in listed["items"] if _owner(each) == self.key]

    async def connection(self, selector: str) -> AsyncConnection:
        """Returns the tenant's connection with this id or key, such as `github-dev` of the demo world's tenant.

        Raises:
            MembraneMockError: there is none; the message has the keys that there are.
        """
        found = await self.connections()
        for each in found:
            if selector in (each["id"], each.get("key")):
                return AsyncConnection(self._control, self._workspace_key, each["id"], each.get("key"))
        keys = ", ".join(sorted(f"`{each.get('key') or each['id']}`" for each in found)) or "none"
        raise MembraneMockError(f"tenant `{self.key}` has no connection `{selector}`; it has {keys}")

    async def act(
        self,
        action: str | None = None,
        *,
        connection: str | AsyncConnection | None = None,
        api: ApiRequest | None = None,
        code: str | None = None,
        input: object = None,
    ) -> ActionRun:
        """Runs an action by its key, one request to the app, or a snippet, through a connection by its key."""
        body: dict[str, object] = {}
        if isinstance(connection, AsyncConnection):
            body["connectionId"] = connection.id
        elif connection is not None:
            body["connectionKey"] = connection
        given = {"key": action, "api": api, "code": code, "input": input}
        body.update((field, value) for field, value in given.items() if value is not None)
        run: ActionRun = await self.post("/act", body)
        return run


def _owner(connection: types.Connection) -> str | None:
    owner = connection.get("user")
    return owner["internalId"] if owner else None
