"""The tests run against the installed package, whose fixtures pytest finds by itself."""

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio, which starts the server in a thread."""
    return "asyncio"
