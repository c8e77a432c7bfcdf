"""How calls are sent and answers are read."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from membrane_mock._lines import AsyncLines
from membrane_mock.errors import MembraneMockError

TIMEOUT_S = 60.0


class AsyncTransport:
    """One of the two APIs of a server: an address, and the token that its calls carry.

    No connection is kept open between two calls. So a transport belongs to no event loop, and a test that does not
    close it leaks nothing.
    """

    def __init__(self, base_url: str, token: str | None = None) -> None:
        self.base_url = base_url
        self._token = token
        self._client = httpx.AsyncClient(
            limits=httpx.Limits(max_keepalive_connections=0), timeout=TIMEOUT_S, trust_env=False, verify=False
        )

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        query: Mapping[str, object] | None = None,
        token: str | None = None,
    ) -> object:
        """Sends a call and returns its JSON, its text where it is none, or nothing where there is none.

        Raises:
            MembraneMockError: the status is 400 or more.
        """
        answer = await self._client.request(
            method,
            self.base_url + path,
            # A body of `{}` is one, and none is none.
            json=json,
            params=_params(query),
            headers=_headers(token or self._token),
        )
        body = _body(answer)
        if answer.status_code >= 400:
            raise MembraneMockError.of_answer(f"{method} {path}", answer.status_code, body)
        return body

    async def lines(self, method: str, path: str) -> AsyncLines:
        """Yields the lines of an answer that does not end by itself."""
        url = self.base_url + path
        async with self._client.stream(method, url, headers=_headers(self._token), timeout=None) as answer:
            if answer.status_code >= 400:
                await answer.aread()
                raise MembraneMockError.of_answer(f"{method} {path}", answer.status_code, _body(answer))
            async for line in answer.aiter_lines():
                yield line

    async def aclose(self) -> None:
        """Closes what is open."""
        await self._client.aclose()


def _headers(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _params(query: Mapping[str, object] | None) -> dict[str, str]:
    given = {name: value for name, value in (query or {}).items() if value is not None}
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}


def _body(answer: httpx.Response) -> object:
    if not answer.content:
        return None
    if "json" not in answer.headers.get("content-type", ""):
        return answer.text
    try:
        body: object = answer.json()
    except ValueError:
        # A fault may say JSON and send none.
        return answer.text
    return body
