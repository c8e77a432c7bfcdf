"""Makes the synchronous form of asynchronous Python source.

The verbs of the package are written once, in `src/membrane_mock/_async/`. Their synchronous form has the same text
without `async` and `await`, with the names of `RENAMED` in place of those of the asynchronous world and without the
prefix `Async` of classes. It works on tokens, so nothing else of the text changes.
"""

import io
import re
import tokenize

RENAMED = {
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "_async": "_sync",
    "aclose": "close",
    "aiter_lines": "iter_lines",
    "aread": "read",
    "async_client": "client",
    "in_thread": "directly",
    "start_async_mock": "start_mock",
}


def unasync(source: str) -> str:
    """Returns the synchronous form of `source`."""
    tokens = [token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.string]
    lines = source.splitlines(keepends=True)
    text: list[str] = []
    row, column = 1, 0
    dropped = False
    for token in tokens:
        gap = _between(lines, (row, column), token.start)
        # The space behind a word that is left out goes with it.
        text.append(gap.lstrip(" ") if dropped else gap)
        dropped = token.type == tokenize.NAME and token.string in ("async", "await")
        if not dropped:
            text.append(_renamed(token))
        row, column = token.end
    return "".join(text)


def _renamed(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.NAME:
        return RENAMED.get(token.string) or re.sub(r"^(_?)Async(?=[A-Z])", r"\1", token.string)
    if token.type in (tokenize.STRING, tokenize.COMMENT):
        text = re.sub(r"\bAsync(?=[A-Z])", "", token.string)
        text = re.sub(r"\b(async|await) (?=with|\w+\()", "", text)
        return re.sub(r"\b[a-z_]+\b", lambda word: RENAMED.get(word[0], word[0]), text)
    return token.string


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """Returns the text of `lines` from one position to another, as tokens count them."""
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]]
    # A file without a last line break ends in a row that has no text.
    last = lines[end[0] - 1][: end[1]] if end[0] <= len(lines) else ""
    return "".join([lines[start[0] - 1][start[1] :], *lines[start[0] : end[0] - 1], last])
