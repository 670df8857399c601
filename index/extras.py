"""Optional extras of the package, and the command to install them."""

import sys
from pathlib import Path

DISTRIBUTION = "footnote-answers"
"""The name under which pip knows this project. `footnote` itself is another project on the package index."""

_ROOT = Path(__file__).resolve().parents[1]


def how_to_install(extra: str) -> str:
    """Return the command that installs an extra in this environment: in a checkout, or for an installed wheel."""
    pip = f"{sys.executable} -m pip install"
    if (_ROOT / "pyproject.toml").is_file():
        return f"cd {_ROOT} && {pip} -c constraints.txt -e '.[{extra}]'"
    return f"{pip} '{DISTRIBUTION}[{extra}]'"
