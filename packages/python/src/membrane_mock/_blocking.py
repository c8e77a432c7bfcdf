"""How a function that blocks is called: in a thread where there is an event loop, directly where there is none."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Calls the function in a thread."""
    return await asyncio.to_thread(function, *args, **kwargs)


def directly(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Calls the function here."""
    return function(*args, **kwargs)
