"""The fixtures, as a suite of a user's has them."""

import pytest

from membrane_mock import Mock, Workspace

FAILING = """
    import pytest
    from membrane_mock import Workspace

    def test_that_calls_what_no_stub_answers(membrane_workspace: Workspace) -> None:
        api = {"method": "GET", "path": "/user/repo"}
        membrane_workspace.tenant("demo-tenant").act(connection="github-dev", api=api)

    @pytest.mark.anyio
    @pytest.mark.parametrize("anyio_backend", ["asyncio"])
    async def test_that_awaits_it(membrane_workspace_async, anyio_backend) -> None:
        api = {"method": "GET", "path": "/user/issue"}
        await membrane_workspace_async.tenant("demo-tenant").act(connection="github-dev", api=api)
"""


def test_a_workspace_has_the_name_of_its_test(
    membrane_mock: Mock, membrane_workspace: Workspace, request: pytest.FixtureRequest
) -> None:
    assert membrane_mock.control.get_workspace(membrane_workspace.key).get("label") == request.node.nodeid


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_failing_test_says_what_went_wrong_in_its_calls(pytester: pytest.Pytester, options: tuple[str, ...]) -> None:
    pytester.makepyfile(FAILING)

    result = pytester.runpytest_subprocess(*options)

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines_random(
        [
            "*- membrane-mock -*",
            "#1 no stub of github answered GET /user/repo",
            '  nearest: {"name": "list repositories"*',
            "#1 no stub of github answered GET /user/issue",
        ]
    )


def test_a_passing_test_says_nothing_and_leaves_no_workspace(
    pytester: pytest.Pytester, membrane_mock: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMBRANE_MOCK_CONTROL_URL", membrane_mock.control_url)
    before = {each["key"] for each in membrane_mock.control.list_workspaces()["items"]}
    pytester.makepyfile("def test_passes(membrane_workspace): membrane_workspace.tenant('ada').connect('github')")

    result = pytester.runpytest_subprocess("-rA")

    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*- membrane-mock -*")
    assert {each["key"] for each in membrane_mock.control.list_workspaces()["items"]} == before


@pytest.mark.parametrize("attached", [False, True], ids=["own servers", "one server"])
def test_workers_do_not_meet(
    pytester: pytest.Pytester, membrane_mock: Mock, monkeypatch: pytest.MonkeyPatch, attached: bool
) -> None:
    if attached:
        monkeypatch.setenv("MEMBRANE_MOCK_CONTROL_URL", membrane_mock.control_url)
    else:
        monkeypatch.delenv("MEMBRANE_MOCK_CONTROL_URL", raising=False)
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("number", range(24))
        def test_sees_its_own_connection_alone(membrane_mock, membrane_workspace, number):
            tenant = membrane_workspace.tenant("ada")
            assert tenant.connections() == []
            tenant.connect("github", key=f"github-{number}")
            assert [each["key"] for each in tenant.connections()] == [f"github-{number}"]
            assert len(membrane_workspace.journal.entries(operation="connect")) == 1
    """)

    pytester.runpytest_subprocess("-n", "4").assert_outcomes(passed=24)


def test_a_server_that_is_gone_does_not_hide_why_a_test_failed(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MEMBRANE_MOCK_CONTROL_URL", raising=False)
    pytester.makepyfile("""
        import os, signal

        def test_fails(membrane_mock, membrane_workspace):
            os.kill(membrane_mock.pid, signal.SIGTERM)
            assert "this" == "the reason"
    """)

    result = pytester.runpytest_subprocess()

    result.stdout.fnmatch_lines_random(["*the reason*", "the workspace does not report: *"])
