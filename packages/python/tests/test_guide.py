"""The guide is what it says: its files make a project, and its commands run in it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[3] / "docs" / "python.md"


@pytest.mark.skipif(not GUIDE.exists(), reason="it is in the repository")
def test_the_guide_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("MEMBRANE_", "PYTEST_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    text = GUIDE.read_text()

    blocks: list[tuple[str, str]] = re.findall(r"<!-- guide: (\S+) -->\n```\w+\n(.*?)\n```", text, re.DOTALL)

    assert len(blocks) == text.count("<!-- guide: ")
    for name, block in blocks:
        if name == "run":
            _run(block, tmp_path)
        else:
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{block}\n")
    _run("python -m mypy --strict .", tmp_path)


def _run(commands: str, folder: Path) -> None:
    done = subprocess.run(["sh", "-eu", "-c", commands], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
