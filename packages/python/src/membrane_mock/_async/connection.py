"""A connection, and what its user and its vendor do to it."""

from __future__ import annotations

from collections.abc import Mapping

from membrane_mock import types
from membrane_mock._control.async_client import AsyncControl
from membrane_mock.errors import MembraneMockError


class AsyncConnection:
    """A tenant's connection to an external app. The journal shows none of its verbs."""

    def __init__(self, control: AsyncControl, workspace_key: str, id: str, key: str | None) -> None:
        self._control = control
        self._workspace_key = workspace_key
        self.id = id
        """The id, which stays the same when it is connected again."""
        self.key = key
        """The key that code names it by."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key or self.id}>"

    async def record(self) -> types.Connection:
        """Returns the connection as it is now.

        Raises:
            MembraneMockError: it is gone.
        """
        listed = await self._control.list_connections(self._workspace_key)
        for each in listed["items"]:
            if each["id"] == self.id:
                return each
        raise MembraneMockError(f"there is no connection `{self.key or self.id}` any more")

    async def state(self) -> types.ConnectionState:
        """Returns its state, such as `READY` or `DISCONNECTED`."""
        return (await self.record())["state"]

    async def expire(self) -> types.Connection:
        """Lets its access token expire: the next call refreshes it."""
        return await self.break_("expireCredentials")

    async def break_(self, by: types.Damage) -> types.Connection:
        """Breaks it as the vendor does: `expireCredentials`, `failRefresh`, `disconnect` or `markDefunct`."""
        return await self._control.break_connection(self._workspace_key, self.id, {"by": by})

    async def poke(self, event: types.ConnectionPoke, *, error: str | None = None) -> types.Connection:
        """Moves its state machine, say by `loseCredentials`; an event that the state does not allow is refused."""
        return await self._control.poke_connection(self._workspace_key, self.id, {"event": event, "error": error})

    async def complete(
        self, *, account: str | None = None, input: Mapping[str, object] | None = None
    ) -> types.Connection:
        """Lets the user go the whole way of the pages, as this account or with these values in the form."""
        body: types.CompleteBody = {"account": account, "input": input}
        return await self._control.complete_connection(self._workspace_key, self.id, body)

    async def cancel(self) -> types.Connection | None:
        """Lets the user give up; nothing is returned when the connection is gone with that."""
        return await self._control.cancel_connection(self._workspace_key, self.id)

    async def fail(self, *, error: str | None = None) -> types.Connection | None:
        """Lets the vendor send the user back with an error, `access_denied` unless said."""
        return await self._control.fail_connection(self._workspace_key, self.id, {"error": error})
