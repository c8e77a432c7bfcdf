"""Rules that hold until they are removed: faults, and stubs of an app."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from membrane_mock import types
from membrane_mock._control.async_client import AsyncControl


class AsyncRemovable:
    """Something that was added; `async with` removes it at its end."""

    async def remove(self) -> object:
        """Removes it."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.remove()


class AsyncFault(AsyncRemovable):
    """A fault rule that was added; `async with` removes it at its end."""

    def __init__(self, control: AsyncControl, workspace_key: str, id: str) -> None:
        self._control = control
        self._workspace_key = workspace_key
        self.id = id
        """The id of the rule."""

    async def standing(self) -> types.Standing:
        """Returns the rule with its counts."""
        return await self._control.get_fault(self._workspace_key, self.id)

    async def matched(self) -> int:
        """Returns how many calls the rule was about."""
        return (await self.standing())["matched"]

    async def fired(self) -> int:
        """Returns how many calls the rule broke."""
        return (await self.standing())["fired"]

    async def remove(self) -> types.Standing:
        """Removes the rule and returns it with its last counts."""
        return await self._control.remove_fault(self._workspace_key, self.id)


class AsyncStub(AsyncRemovable):
    """An answer of an app that was added; `async with` removes it at its end."""

    def __init__(self, control: AsyncControl, workspace_key: str, connector: str, id: str) -> None:
        self._control = control
        self._workspace_key = workspace_key
        self._connector = connector
        self.id = id
        """The id of the stub."""

    async def remove(self) -> None:
        """Removes the stub: the app answers as before."""
        await self._control.remove_stub(self._workspace_key, self._connector, self.id)
