"""A fake of the Membrane integration engine for Python tests.

    with start_mock() as mock, mock.workspace() as workspace:
        github = workspace.tenant("ada").connect("github")
        github.expire()

`start_mock` gives a `Mock`, which makes a `Workspace` for each test; a `Tenant` of it has a `Connection` for each app.
Each of these classes has an asynchronous twin with the same verbs, whose name begins with `Async`. For pytest there are
the fixtures of `membrane_mock.pytest_plugin`.
"""

from importlib.metadata import version

from membrane_mock._async.caller import AsyncManager, AsyncTenant
from membrane_mock._async.clock import AsyncClock
from membrane_mock._async.connection import AsyncConnection
from membrane_mock._async.journal import AsyncJournal
from membrane_mock._async.mock import AsyncMock, start_async_mock
from membrane_mock._async.rules import AsyncFault, AsyncStub
from membrane_mock._async.workspace import AsyncWorkspace
from membrane_mock._json import ActionRun, Answer, ApiRequest
from membrane_mock._server import find_binary
from membrane_mock._sync.caller import Manager, Tenant
from membrane_mock._sync.clock import Clock
from membrane_mock._sync.connection import Connection
from membrane_mock._sync.journal import Journal
from membrane_mock._sync.mock import Mock, start_mock
from membrane_mock._sync.rules import Fault, Stub
from membrane_mock._sync.workspace import Workspace
from membrane_mock.errors import MembraneMockError

__version__ = version("membrane-mock")

__all__ = [
    "ActionRun",
    "Answer",
    "ApiRequest",
    "AsyncClock",
    "AsyncConnection",
    "AsyncFault",
    "AsyncJournal",
    "AsyncManager",
    "AsyncMock",
    "AsyncStub",
    "AsyncTenant",
    "AsyncWorkspace",
    "Clock",
    "Connection",
    "Fault",
    "Journal",
    "Manager",
    "MembraneMockError",
    "Mock",
    "Stub",
    "Tenant",
    "Workspace",
    "__version__",
    "find_binary",
    "start_async_mock",
    "start_mock",
]
