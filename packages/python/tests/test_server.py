"""A server: started, attached to, ended."""

import contextlib
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

import membrane_mock
from membrane_mock import MembraneMockError, Mock, find_binary, start_mock


@pytest.fixture
def no_server_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEMBRANE_MOCK_CONTROL_URL", raising=False)


def test_the_binary_is_of_the_package_s_version() -> None:
    printed = subprocess.run([find_binary(), "--version"], capture_output=True, text=True, check=True)

    assert printed.stdout == f"membrane-mock {membrane_mock.__version__}\n"


@pytest.mark.usefixtures("no_server_named")
def test_a_server_starts_and_ends_with_its_block() -> None:
    with start_mock() as mock:
        assert mock.pid is not None
        assert mock.health()["status"] == "ok"

    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{mock.url}/__mock/health", trust_env=False)


def test_a_server_takes_the_options_of_serve() -> None:
    with start_mock("--clock", "2025-01-01T00:00:00Z") as mock, mock.workspace() as workspace:
        assert workspace.clock.now().isoformat() == "2025-01-01T00:00:00+00:00"


def test_a_running_server_is_attached_to_and_left_running(membrane_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMBRANE_MOCK_CONTROL_URL", membrane_mock.control_url)

    with start_mock() as attached:
        assert attached.pid is None
        assert attached.url == membrane_mock.url

    assert membrane_mock.health()["status"] == "ok"


@pytest.mark.usefixtures("no_server_named")
def test_without_an_address_there_is_nothing_to_attach_to() -> None:
    with pytest.raises(MembraneMockError, match="set MEMBRANE_MOCK_CONTROL_URL"):
        Mock.attach()


def test_a_server_that_does_not_start_says_why() -> None:
    with pytest.raises(MembraneMockError, match=r"did not start: .*--nonsense"):
        Mock.start("--nonsense")


def test_a_binary_that_is_named_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MEMBRANE_MOCK_BINARY", str(tmp_path / "mine"))

    assert find_binary() == tmp_path / "mine"


@pytest.mark.usefixtures("no_server_named")
def test_a_server_ends_with_a_process_that_is_killed() -> None:
    program = """
import membrane_mock, sys
mock = membrane_mock.start_mock()
print(f"{mock.control_url}/workspaces/{mock.workspace().key}/journal/stream", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        url = process.stdout.readline().decode().strip()
        with httpx.stream("GET", url, trust_env=False, timeout=60) as answer:
            lines = answer.iter_lines()
            assert next(lines) == ": open"

            process.kill()

            # The stream of the journal ends with the server alone.
            with contextlib.suppress(httpx.ReadError, httpx.RemoteProtocolError):
                assert [each for each in lines if each] == []
