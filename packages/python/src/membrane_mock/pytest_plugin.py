"""Fixtures for pytest, which finds them when the package is installed.

Under pytest-xdist every worker is a process with a server of its own, unless `MEMBRANE_MOCK_CONTROL_URL` names one:
then all use that, each test in a workspace of its own.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator

import httpx
import pytest

from membrane_mock import AsyncMock, AsyncWorkspace, MembraneMockError, Mock, Workspace, start_mock, types

_workspace = pytest.StashKey[Workspace]()


@pytest.fixture(scope="session")
def membrane_mock() -> Iterator[Mock]:
    """A server for all tests: the one that `MEMBRANE_MOCK_CONTROL_URL` names, or one that ends with them."""
    with start_mock() as mock:
        yield mock


@pytest.fixture
def membrane_workspace(membrane_mock: Mock, request: pytest.FixtureRequest) -> Iterator[Workspace]:
    """A fresh copy of the demo world, which is deleted after the test.

    When the test fails, its report has a section `membrane-mock` that says what went wrong in the workspace's calls.
    """
    with membrane_mock.workspace(label=request.node.nodeid) as workspace:
        request.node.stash[_workspace] = workspace
        yield workspace
        # What fails after this finds no workspace to report of.
        del request.node.stash[_workspace]


@pytest.fixture
def membrane_workspace_async(membrane_mock: Mock, membrane_workspace: Workspace) -> AsyncWorkspace:
    """The workspace of `membrane_workspace` with asynchronous verbs, for any plugin that runs asynchronous tests."""
    mock = AsyncMock.attach(membrane_mock.control_url)
    return AsyncWorkspace(mock.control_url, mock.control, membrane_mock.control.get_workspace(membrane_workspace.key))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds what the workspace has to say to the report of a test that failed."""
    report = yield
    workspace = item.stash.get(_workspace, None)
    if report.failed and workspace is not None and (section := _section(workspace)):
        report.sections.append(("membrane-mock", section))
    return report


def _section(workspace: Workspace) -> str:
    try:
        return "\n".join(_line(each) for each in workspace.report())
    except (MembraneMockError, httpx.HTTPError) as error:
        return f"the workspace does not report: {error}"


def _line(line: types.ReportLine) -> str:
    """Returns a line of a report as `membrane-mock exec` prints it, and the nearest stub below it."""
    at = f"#{line['seq']} " if line.get("seq") else ""
    nearest = line.get("nearest")
    return f"{at}{line['says']}" + (f"\n  nearest: {json.dumps(nearest, ensure_ascii=False)}" if nearest else "")
