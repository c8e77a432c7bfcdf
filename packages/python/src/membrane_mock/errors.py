"""The error that a refused call raises."""

from __future__ import annotations

from collections.abc import Mapping


class MembraneMockError(Exception):
    """A call was refused.

    The fields are those of the error envelope, which the platform and the control API have in common. `message` says
    what was asked, what is wrong and what would work.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        type: str | None = None,
        key: str | None = None,
        code: str | None = None,
        data: object = None,
        call: str | None = None,
    ) -> None:
        self.status = status
        """The HTTP status; absent when no call was refused, such as when a server did not start."""
        self.type = type
        """The error's family, such as `bad_request` or `connection`."""
        self.key = key
        """What tells apart the errors of one family, such as `not_found`."""
        self.code = code
        """The name of a failure that a client can repair, such as `CONNECTION_DISCONNECTED`."""
        self.message = message
        """What was asked, what is wrong and what would work."""
        self.data = data
        """Details for programs, mostly an object."""
        self.call = call
        """The method and the path of the call."""
        super().__init__(f"{call} answered {status}: {message}" if call else message)

    @classmethod
    def of_answer(cls, call: str, status: int, body: object) -> MembraneMockError:
        """Reads the envelope of an answer; a body that is none becomes the message."""
        if not isinstance(body, Mapping):
            return cls(str(body), status=status, call=call)

        def named(field: str) -> str | None:
            value = body.get(field)
            return value if isinstance(value, str) else None

        return cls(
            named("message") or str(dict(body)),
            status=status,
            type=named("type"),
            key=named("key"),
            code=named("code"),
            data=body.get("data"),
            call=call,
        )
