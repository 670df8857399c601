"""Where figures come from: versions, commit and machine. Whoever compares two reports needs to know what else differed."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

# Named one by one: a report should say what could change its figures, not list a whole environment.
_PACKAGES = (
    "footnote",
    "chromadb",
    "ir-measures",
    "llama-index-core",
    "numpy",
    "sentence-transformers",
    "tantivy",
    "torch",
)


def versions() -> dict[str, str]:
    """Return the version of Python and of the packages that the scores may depend on."""
    return {"python": platform.python_version()} | {name: _version(name) for name in _PACKAGES}


def commit() -> str | None:
    """Return the commit of the code that runs, with `+changes` where files differ from it; None outside a checkout."""
    home = Path(__file__).parent
    head = _git(home, "rev-parse", "HEAD")
    changed = head and _git(home, "status", "--porcelain", "--untracked-files=no")
    return f"{head}+changes" if changed else head


def machine() -> dict[str, str]:
    """Return the system, processor and number of cores: latencies mean nothing without them."""
    return {
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
    }


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        ran = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        # Installed from a wheel, or a machine without git: the version has to do.
        return None
    return ran.stdout.strip() or None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
