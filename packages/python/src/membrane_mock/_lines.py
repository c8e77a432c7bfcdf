"""The type of an answer that is read line by line; who stops reading before its end closes it."""

from collections.abc import AsyncGenerator, Generator
from typing import TypeAlias

AsyncLines: TypeAlias = AsyncGenerator[str, None]
Lines: TypeAlias = Generator[str, None, None]
