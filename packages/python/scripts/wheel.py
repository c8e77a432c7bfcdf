"""Makes a wheel of the package from a binary that is built already.

Start: python scripts/wheel.py BINARY OUTDIR [--platform TAG]

The wheel has the same content and metadata as `maturin build` makes, but for its SBOM, without the minutes of a
release build. All that it says is read from `pyproject.toml` and the crate's `Cargo.toml`. The platform is that of
this Python unless it is given, such as `manylinux_2_34_x86_64`: a wheel that is published needs the tag of the oldest
system that the binary runs on. The generated part of the package is made anew by the binary, so the client and the
server are of one version.
"""

import argparse
import base64
import hashlib
import re
import sysconfig
import tomllib
import zipfile
from pathlib import Path

from generate import generate

ROOT = Path(__file__).resolve().parent.parent
# The same for each file, so that the same content makes the same wheel.
WRITTEN_AT = (1980, 1, 1, 0, 0, 0)


def main() -> None:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("binary", type=Path, help="the binary `membrane-mock` for the platform")
    parser.add_argument("outdir", type=Path, help="the folder for the wheel")
    parser.add_argument("--platform", default=re.sub(r"[-.]", "_", sysconfig.get_platform()), help="the platform's tag")
    given = parser.parse_args()
    generate(given.binary.resolve())
    print(make_wheel(given.binary, given.outdir, given.platform))


def make_wheel(binary: Path, outdir: Path, platform: str) -> Path:
    """Writes the wheel and returns its path."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    maturin = pyproject["tool"]["maturin"]
    crate = tomllib.loads((ROOT / maturin["manifest-path"]).read_text())
    project = pyproject["project"]
    version = crate["package"]["version"]
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise SystemExit(f"wheel.py: version {version} of the crate is none of Python's; use maturin")
    name = project["name"].replace("-", "_")
    info = f"{name}-{version}.dist-info"
    program = crate["bin"][0]["name"] + (".exe" if platform.startswith("win") else "")

    source = ROOT / maturin["python-source"]
    files = {
        str(path.relative_to(source)): path.read_bytes()
        for path in sorted((source / maturin["module-name"]).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    scripts = f"{name}-{version}.data/scripts/{program}"
    files[scripts] = binary.read_bytes()
    for path in project["license-files"]:
        files[f"{info}/licenses/{path}"] = (ROOT / path).read_bytes()
    files[f"{info}/METADATA"] = metadata(project, version).encode()
    files[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: membrane-mock wheel.py\nRoot-Is-Purelib: false\nTag: py3-none-{platform}\n"
    ).encode()
    files[f"{info}/entry_points.txt"] = entry_points(project).encode()

    outdir.mkdir(parents=True, exist_ok=True)
    wheel = outdir / f"{name}-{version}-py3-none-{platform}.whl"
    record = "".join(f"{path},sha256={_digest(content)},{len(content)}\n" for path, content in files.items())
    files[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, WRITTEN_AT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if path == scripts else 0o100644) << 16
            # A debug build is large, and the least compression makes most of the difference.
            archive.writestr(entry, content, compresslevel=1)
    return wheel


def metadata(project: dict[str, object], version: str) -> str:
    """Returns the core metadata of the project, see PEP 566, 639 and 643."""
    lines = [
        ("Metadata-Version", "2.4"),
        ("Name", project["name"]),
        ("Version", version),
        *(("Classifier", each) for each in _texts(project["classifiers"])),
        *(("Requires-Dist", each) for each in _texts(project["dependencies"])),
        *(("License-File", each) for each in _texts(project["license-files"])),
        ("Summary", project["description"]),
        ("Keywords", ",".join(_texts(project["keywords"]))),
        ("License-Expression", project["license"]),
        ("Requires-Python", project["requires-python"]),
        ("Description-Content-Type", "text/markdown; charset=UTF-8; variant=GFM"),
    ]
    readme = ROOT / str(project["readme"])
    return "".join(f"{name}: {value}\n" for name, value in lines) + "\n" + readme.read_text()


def entry_points(project: dict[str, object]) -> str:
    """Returns the entry points of the project as the section each group has in `entry_points.txt`."""
    groups = project["entry-points"]
    assert isinstance(groups, dict)
    return "\n".join(
        f"[{group}]\n" + "".join(f"{name}={at}\n" for name, at in points.items()) for group, points in groups.items()
    )


def _texts(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(each) for each in value]


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    main()
