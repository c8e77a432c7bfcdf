"""A server and its workspaces."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from membrane_mock import types
from membrane_mock._async.transport import AsyncTransport
from membrane_mock._async.workspace import AsyncWorkspace
from membrane_mock._blocking import in_thread
from membrane_mock._control.async_client import AsyncControl
from membrane_mock._server import Server
from membrane_mock.errors import MembraneMockError


class AsyncMock:
    """A server: one of its own, which ends with it, or one that runs already.

    `async with` closes it.
    """

    def __init__(self, control_url: str, control_token: str | None, server: Server | None = None) -> None:
        self.control_url = control_url
        """The address of the control API."""
        self._transport = AsyncTransport(control_url, control_token)
        self._server = server
        self.control = AsyncControl(self._transport)
        """The whole control API, a method for each operation."""

    @classmethod
    async def start(cls, *options: str, binary: Path | None = None) -> Self:
        """Starts a server on a free port, with these further options of `membrane-mock serve`.

        Raises:
            MembraneMockError: it does not start; the message has what it wrote.
        """
        server = await in_thread(Server.start, binary, options)
        return cls(f"{server.url}/__mock", os.environ.get("MEMBRANE_MOCK_CONTROL_TOKEN"), server)

    @classmethod
    def attach(cls, control_url: str | None = None, *, control_token: str | None = None) -> Self:
        """Uses a server that runs already: the given one, or the one that `MEMBRANE_MOCK_CONTROL_URL` names.

        Raises:
            MembraneMockError: neither is given.
        """
        url = control_url or os.environ.get("MEMBRANE_MOCK_CONTROL_URL")
        if not url:
            raise MembraneMockError("there is no server to attach to; set MEMBRANE_MOCK_CONTROL_URL, or start one")
        return cls(url.rstrip("/"), control_token or os.environ.get("MEMBRANE_MOCK_CONTROL_TOKEN"))

    @property
    def url(self) -> str:
        """The address of the server."""
        return self.control_url.removesuffix("/__mock")

    @property
    def pid(self) -> int | None:
        """The id of the server's process; none when it is not this program's."""
        return self._server.pid if self._server else None

    async def workspace(
        self,
        *,
        label: str | None = None,
        key: str | None = None,
        secret: str | None = None,
        name: str | None = None,
        seed: object = None,
        copy_of: object = None,
        settings: types.SettingsInput | None = None,
        mock: types.MockSettingsInput | None = None,
        clock: str | None = None,
    ) -> AsyncWorkspace:
        """Makes a workspace, a copy of the demo world unless something else is said.

        `label` says what it is for, `seed` is `demo`, `none` or a whole seed, `copy_of` the key of another workspace,
        the id of a snapshot or an exported workspace, `clock` is `system` or the moment at which time stands still.
        """
        body: types.CreateBody = {
            "label": label,
            "key": key,
            "secret": secret,
            "name": name,
            "settings": settings,
            "mock": mock,
            "clock": clock,
        }
        if seed is not None:
            body["seed"] = seed
        if copy_of is not None:
            body["from"] = copy_of
        return AsyncWorkspace(self.control_url, self.control, await self.control.create_workspace(body))

    async def existing_workspace(self, key: str) -> AsyncWorkspace:
        """Returns the workspace with this key, such as the one that `MEMBRANE_WORKSPACE_KEY` names."""
        return AsyncWorkspace(self.control_url, self.control, await self.control.get_workspace(key))

    async def health(self) -> types.Health:
        """Returns the version of the server and how it does."""
        return await self.control.get_health()

    async def aclose(self) -> None:
        """Ends the server, if it is this program's."""
        await self._transport.aclose()
        server, self._server = self._server, None
        if server:
            await in_thread(server.stop)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


async def start_async_mock(*options: str, binary: Path | None = None) -> AsyncMock:
    """Attaches to the server that `MEMBRANE_MOCK_CONTROL_URL` names, or starts one.

    With options of `membrane-mock serve`, or with a binary, it always starts one, because a server that runs already
    may have been started differently.
    """
    if os.environ.get("MEMBRANE_MOCK_CONTROL_URL") and not _says_how(options, binary):
        return AsyncMock.attach()
    return await AsyncMock.start(*options, binary=binary)


def _says_how(options: Sequence[str], binary: Path | None) -> bool:
    return bool(options) or binary is not None
