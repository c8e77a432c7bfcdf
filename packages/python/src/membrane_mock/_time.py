"""Durations and moments as the control API reads them."""

import re
from datetime import datetime, timedelta

_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_PART = re.compile(r"(\d+)(ms|s|m|h|d)")


def milliseconds(duration: str | timedelta) -> int:
    """Returns the milliseconds of a `timedelta`, or of a text such as `90s`, `1h30m` or `2d`.

    Raises:
        ValueError: the text is no duration.
    """
    if isinstance(duration, timedelta):
        return round(duration / timedelta(milliseconds=1))
    if not re.fullmatch(rf"({_PART.pattern})+", duration):
        raise ValueError(f"`{duration}` is no duration; write it like `500ms`, `90s`, `1h30m` or `2d`")
    return sum(int(number) * _MS[unit] for number, unit in _PART.findall(duration))


def moment(at: str | datetime) -> str:
    """Returns a moment as RFC 3339.

    Raises:
        ValueError: the moment has no time zone.
    """
    if isinstance(at, str):
        return at
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone; add `tzinfo=datetime.UTC`")
    return at.isoformat()
