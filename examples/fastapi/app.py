"""A small product: its user connects GitHub and sees their repositories.

The browser talks to this backend alone. The backend calls Membrane as the user's tenant, with a token that it mints
itself, and knows of Membrane only what the environment says: in a test that is the fake.

Start: uvicorn --factory app:from_environment
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import httpx
import jwt
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel

TOKEN_LIFETIME = timedelta(hours=1)
# A user has one connection to GitHub, so its key is the same for all.
CONNECTION_KEY = "github"


class Page(BaseModel):
    """Where the browser goes next; none when there is nothing left to do."""

    url: str | None


class Repository(BaseModel):
    """A repository as the product shows it."""

    name: str
    private: bool


class MembraneRefused(Exception):
    """Membrane refused a call; `body` is its error envelope."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.body = body
        super().__init__(f"{status}: {body.get('message')}")


class Membrane:
    """Calls Membrane as one tenant or another."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._workspace_key = env["MEMBRANE_WORKSPACE_KEY"]
        self._workspace_secret = env["MEMBRANE_WORKSPACE_SECRET"]
        # Without connections that are kept the client belongs to no event loop, and nothing has to close it.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.AsyncClient(base_url=env["MEMBRANE_API_URI"], limits=limits)

    def token(self, tenant_key: str) -> str:
        """Mints the token of a tenant."""
        expires = datetime.now(UTC) + TOKEN_LIFETIME
        claims = {"workspaceKey": self._workspace_key, "tenantKey": tenant_key, "exp": expires}
        return jwt.encode(claims, self._workspace_secret, algorithm="HS512")

    async def post(self, tenant_key: str, path: str, body: Mapping[str, Any]) -> Any:
        """Sends a call as a tenant and returns the JSON of its answer."""
        headers = {"Authorization": f"Bearer {self.token(tenant_key)}"}
        answer = await self._client.post(path, json=body, headers=headers)
        if answer.is_error:
            is_json = answer.headers.get("content-type", "").startswith("application/json")
            raise MembraneRefused(answer.status_code, answer.json() if is_json else {})
        return answer.json()


def signed_in_user(x_user: Annotated[str, Header()]) -> str:
    """Returns who calls. A real product reads this from the cookie of its sign-in."""
    return x_user


User = Annotated[str, Depends(signed_in_user)]


def create_app(env: Mapping[str, str]) -> FastAPI:
    """Makes the product; `env` has the `MEMBRANE_*` variables."""
    app = FastAPI(title="Repositories")
    membrane = Membrane(env)

    @app.post("/github/connection")
    async def connect(user: User) -> Page:
        """Begins to connect GitHub, or to connect it again."""
        begun = await membrane.post(
            user, "/connect", {"connectorKey": "github", "connectionKey": CONNECTION_KEY, "name": "GitHub"}
        )
        return Page(url=begun["clientAction"]["uiUrl"] if begun["state"] == "CLIENT_ACTION_REQUIRED" else None)

    @app.get("/github/repositories")
    async def repositories(user: User) -> list[Repository]:
        """Lists the user's repositories."""
        call = {"connectionKey": CONNECTION_KEY, "api": {"method": "GET", "path": "/user/repos"}}
        try:
            run = await membrane.post(user, "/act", call)
        except MembraneRefused as refused:
            raise _shown(refused) from refused
        return [Repository(name=each["name"], private=each["private"]) for each in run["output"]]

    return app


def from_environment() -> FastAPI:
    """Makes the product by the environment of the process."""
    return create_app(os.environ)


def _shown(refused: MembraneRefused) -> HTTPException:
    """Says to the browser what its user can do about a call that Membrane refused."""
    if refused.body.get("code") == "CONNECTION_DISCONNECTED":
        return HTTPException(409, "GitHub is not connected any more; connect it again")
    if refused.body.get("key") == "not_found" and refused.status == 404:
        return HTTPException(404, "connect GitHub first")
    return HTTPException(503, "GitHub does not answer; try again later")
