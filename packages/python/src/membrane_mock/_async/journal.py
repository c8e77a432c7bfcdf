"""What was called, and whether it is what should have been."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Unpack

from membrane_mock import types
from membrane_mock._control.async_client import AsyncControl


class AsyncJournal:
    """Every request to a workspace's API and to its apps, in order."""

    def __init__(self, control: AsyncControl, workspace_key: str) -> None:
        self._control = control
        self._workspace_key = workspace_key

    async def entries(self, **query: Unpack[types.GetJournalQuery]) -> list[types.Entry]:
        """Returns the calls that match, oldest first: `operation="act", connection="github-dev", status=400`."""
        return (await self._control.get_journal(self._workspace_key, **query))["items"]

    async def findings(self) -> list[types.Finding]:
        """Returns what deserves a look in all calls, such as polling without a pause."""
        return (await self._control.get_journal(self._workspace_key))["findings"]

    async def clear(self) -> None:
        """Forgets all calls."""
        await self._control.clear_journal(self._workspace_key)

    async def verify(
        self,
        calls: types.Matcher | None = None,
        *,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        in_order: Sequence[types.Matcher] | None = None,
    ) -> types.Verdict:
        """Checks that calls were made: `{"operation": "act"}, times=1`, at least once when no number is said.

        With `in_order` it checks that calls came one after the other.

        Raises:
            AssertionError: it was not so; the message has the calls that came nearest and how they differ.
        """
        __tracebackhide__ = True
        expectation: types.Expectation = {}
        if calls is not None:
            expectation["calls"] = calls
        if times is not None:
            expectation["times"] = times
        if at_least is not None:
            expectation["atLeast"] = at_least
        if at_most is not None:
            expectation["atMost"] = at_most
        if in_order is not None:
            expectation["inOrder"] = in_order
        verdict = await self._control.verify_journal(self._workspace_key, expectation)
        if not verdict["satisfied"]:
            raise AssertionError(_failure(verdict))
        return verdict


def _failure(verdict: types.Verdict) -> str:
    lines = [verdict["message"]]
    for near in verdict["nearMisses"]:
        lines.append(f"  near: #{near['seq']} {near['call']}")
        for each in near["differences"]:
            wanted, found = (json.dumps(value, ensure_ascii=False) for value in (each["wanted"], each["found"]))
            lines.append(f"    {each['field']}: wanted {wanted}, found {found}")
    return "\n".join(lines)
