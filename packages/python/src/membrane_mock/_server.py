"""A server of one's own: the binary as a child process.

The child ends when its standard input does. Its writing end is held by this process alone, so the server ends with this
process however that ends.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from membrane_mock.errors import MembraneMockError

START_LIMIT_S = 60
STOP_LIMIT_S = 10


def find_binary() -> Path:
    """Returns the path of the binary.

    It is the one that `MEMBRANE_MOCK_BINARY` names, else the one that was installed with this package, else the one on
    the path.

    Raises:
        MembraneMockError: there is none.
    """
    if named := os.environ.get("MEMBRANE_MOCK_BINARY"):
        return Path(named)
    name = "membrane-mock" + (sysconfig.get_config_var("EXE") or "")
    for scheme in (sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user")):
        if (installed := Path(sysconfig.get_path("scripts", scheme)) / name).is_file():
            return installed
    if on_path := shutil.which(name):
        return Path(on_path)
    raise MembraneMockError("there is no `membrane-mock`; install the package's wheel, or set MEMBRANE_MOCK_BINARY")


class Server:
    """A running server."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self._process = process
        self.url = url
        """The address of the server."""

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @classmethod
    def start(cls, binary: Path | None, options: Sequence[str]) -> Server:
        """Starts a server on a free port and returns when it is ready.

        Raises:
            MembraneMockError: the server did not start; the message has what it wrote.
        """
        command = [str(binary or find_binary()), "serve", "--port", "0", "--json", "--while-stdin-open", *options]
        with tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8"
            )
            assert process.stdin is not None
            assert process.stdout is not None
            line = _read_line(process, process.stdout)
            process.stdout.close()
            if not line:
                process.stdin.close()
                process.wait()
                errors.seek(0)
                said = errors.read().strip() or f"it ended with status {process.returncode} and said nothing"
                raise MembraneMockError(f"`{' '.join(command)}` did not start: {said}")
        return cls(process, json.loads(line)["url"])

    def stop(self) -> None:
        """Ends the server and waits for its end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _read_line(process: subprocess.Popen[str], stream: IO[str]) -> str:
    """Reads the line that a server prints when it is ready; there is none when it is not ready in time."""
    timer = threading.Timer(START_LIMIT_S, process.kill)
    timer.daemon = True
    timer.start()
    try:
        return stream.readline()
    finally:
        timer.cancel()
