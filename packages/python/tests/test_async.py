"""The same verbs in asynchronous tests."""

from contextlib import aclosing
from datetime import timedelta

import pytest

from membrane_mock import AsyncMock, AsyncWorkspace, MembraneMockError, Mock, start_async_mock

pytestmark = pytest.mark.anyio


async def test_a_server_starts_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEMBRANE_MOCK_CONTROL_URL", raising=False)

    async with await start_async_mock() as mock, await mock.workspace(label="an asynchronous test") as workspace:
        github = await workspace.tenant("ada").connect("github")

        assert await github.state() == "READY"


async def test_a_running_server_is_attached_to(membrane_mock: Mock) -> None:
    async with AsyncMock.attach(membrane_mock.control_url) as mock:
        assert (await mock.health())["status"] == "ok"


async def test_the_verbs_of_a_workspace(membrane_workspace_async: AsyncWorkspace) -> None:
    workspace = membrane_workspace_async
    tenant = workspace.tenant("demo-tenant")
    await workspace.snapshot("before")

    async with await workspace.stub("github", "GET", "/user", json={"login": "grace"}):
        run = await tenant.act(connection="github-dev", api={"method": "GET", "path": "/user"})
    async with await workspace.fault(on={"operation": "act"}, fault="disconnect") as fault:
        with pytest.raises(MembraneMockError):
            await tenant.act(connection="github-dev", api={"method": "GET", "path": "/user"})
        assert await fault.fired() == 1
    clock = await workspace.clock.advance(timedelta(hours=1))

    assert run["output"] == {"login": "grace"}
    assert clock["mode"]["mode"] == "system"
    assert len(await workspace.requests("github")) == 1
    assert await (await tenant.connection("github-dev")).state() == "DISCONNECTED"
    await workspace.journal.verify({"operation": "act"}, times=2)
    with pytest.raises(AssertionError, match="near: #"):
        await workspace.journal.verify({"operation": "act", "tenant": "ada"})
    await workspace.restore("before")
    assert await (await tenant.connection("github-dev")).state() == "READY"


async def test_the_journal_is_read_as_it_is_written(membrane_workspace_async: AsyncWorkspace) -> None:
    workspace = membrane_workspace_async
    async with aclosing(workspace.control.stream_journal(workspace.key)) as lines:
        first = await anext(lines)

        await workspace.tenant("ada").get("/connections")

        assert first == ": open"
        entry = await anext(line async for line in lines if line.startswith("data:"))
        assert "/connections" in entry
