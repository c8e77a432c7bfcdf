"""The time of a workspace."""

from __future__ import annotations

from datetime import datetime, timedelta

from membrane_mock import types
from membrane_mock._control.async_client import AsyncControl
from membrane_mock._time import milliseconds, moment


class AsyncClock:
    """A workspace's clock. What falls due when it is moved has happened when a verb returns."""

    def __init__(self, control: AsyncControl, workspace_key: str) -> None:
        self._control = control
        self._workspace_key = workspace_key

    async def now(self) -> datetime:
        """Returns what time it is in the workspace."""
        return datetime.fromisoformat((await self._control.get_clock(self._workspace_key))["now"])

    async def advance(self, by: str | timedelta | None = None, *, to: str | datetime | None = None) -> types.Clock:
        """Moves the clock by a duration, such as `"1h30m"` or a `timedelta`, or to a moment.

        Raises:
            ValueError: the text is no duration, or the moment has no time zone.
        """
        body: types.AdvanceBody = {}
        if by is not None:
            body["ms"] = milliseconds(by)
        if to is not None:
            body["to"] = moment(to)
        return await self._control.advance_clock(self._workspace_key, body)

    async def settle(self) -> types.Clock:
        """Lets everything happen that is due now."""
        return await self._control.settle_clock(self._workspace_key)

    async def set(self, mode: str | datetime) -> types.Clock:
        """Runs time as `system`, or lets it stand still at a moment.

        Raises:
            ValueError: the moment has no time zone.
        """
        return await self._control.set_clock(self._workspace_key, {"mode": moment(mode)})
