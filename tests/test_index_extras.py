"""What an error tells people to type installs this project's extra, and never another project."""

import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest

from index import extras
from index.extras import DISTRIBUTION, how_to_install

ROOT = Path(__file__).parents[1]


def test_a_checkout_installs_from_its_folder() -> None:
    assert how_to_install("ollama").startswith(f"cd {ROOT} && ")
    assert how_to_install("ollama").endswith(" -c constraints.txt -e '.[ollama]'")


def test_an_installed_wheel_names_its_own_distribution(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(extras, "_ROOT", tmp_path)
    assert how_to_install("ollama").endswith(f" -m pip install '{DISTRIBUTION}[ollama]'")


def test_the_name_is_the_one_that_is_installed() -> None:
    named = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
    assert named == DISTRIBUTION
    assert metadata(DISTRIBUTION)["Name"] == DISTRIBUTION
