"""What the platform answers.

The control API has documented shapes and its client is typed by them. What a call to the platform answers depends on
the app behind it and on the action, so only the test knows it: `Answer` has the type of what `json.loads` returns.
"""

from typing import Any, TypeAlias, TypedDict

Answer: TypeAlias = Any


class ApiRequest(TypedDict, total=False):
    """One request to the external app, which `act` sends with the connection's credentials."""

    method: str
    """The HTTP method."""

    path: str
    """The path below the app's base address."""

    query: dict[str, str]
    """The query."""

    headers: dict[str, str]
    """Further headers."""

    body: object
    """The JSON body."""


class ActionRun(TypedDict):
    """What an action that ran well answers."""

    output: Answer
    """The output, whose shape is the action's or the app's."""

    actionRunId: str
    """The id of the run log, which `/action-run-logs/{id}/details` shows."""
