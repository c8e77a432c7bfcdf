"""The README is what it says: its programs run."""

import re
from importlib.metadata import distribution
from pathlib import Path

import pytest

from membrane_mock import Workspace


def test_the_program_of_the_readme_runs() -> None:
    readme = distribution("membrane-mock").read_text("METADATA")
    assert readme is not None

    [program] = re.findall(r"```python\n(from membrane_mock .*?)```", readme, re.DOTALL)

    exec(compile(program, "README.md", "exec"), {})


@pytest.mark.skipif(not (Path(__file__).parents[3] / "Cargo.toml").exists(), reason="it is the repository's README")
def test_the_first_test_of_the_repository_runs(membrane_workspace: Workspace) -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text()

    [program] = re.findall(r"```python\n(def test_.*?)```", readme, re.DOTALL)

    names: dict[str, object] = {}
    exec(compile(program, "README.md", "exec"), names)
    [first] = [value for name, value in names.items() if name.startswith("test_") and callable(value)]
    first(membrane_workspace)
