"""The JavaScript of the page: its types, those of the API as the OpenAPI document has them, and what a linter finds."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from service.api.app import create_app
from service.settings import Settings
from tests.fake_assistant import FakeAssistant
from tests.skipping import not_installed

ROOT = Path(__file__).parent.parent
TOOLS = ROOT / "node_modules" / ".bin"
# Where `jsconfig.json` looks for them, and so editors, too.
TYPES = ROOT / ".cache" / "api.d.ts"
NAMES = ("biome", "openapi-typescript", "tsc")
pytestmark = pytest.mark.skipif(
    not shutil.which("node") or not all((TOOLS / name).exists() for name in NAMES),
    reason=not_installed("What checks the page's JavaScript (Node.js with TypeScript and Biome)"),
)


def run(tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([TOOLS / tool, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=240)


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shapes of the API for TypeScript."""
    document = tmp_path_factory.mktemp("openapi") / "api.json"
    app = create_app(FakeAssistant(), settings=Settings(_env_file=None))
    document.write_text(json.dumps(app.openapi()))
    made = run("openapi-typescript", str(document), "--output", str(TYPES), "--default-non-nullable=false")
    assert made.returncode == 0, made.stderr
    return TYPES


def test_types_fit_each_other_and_the_api(types: Path) -> None:
    checked = run("tsc", "--project", "jsconfig.json")
    assert checked.returncode == 0, checked.stdout


def test_a_field_that_the_api_does_not_have_is_found(types: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.js"
    api = ROOT / "service" / "web" / "calls" / "api.js"
    wrong.write_text(f'import {{ listGaps }} from "{api}";\nlistGaps().then((gaps) => gaps.nothing_like_it);\n')
    config = tmp_path / "jsconfig.json"
    paths = {"footnote-api": [str(types)]}
    config.write_text(
        json.dumps(
            {"extends": str(ROOT / "jsconfig.json"), "compilerOptions": {"paths": paths}, "include": [str(wrong)]}
        )
    )
    checked = run("tsc", "--project", str(config))
    assert "Property 'nothing_like_it' does not exist" in checked.stdout
    assert checked.stdout.count("error TS") == 1


def test_the_files_of_pdf_js_are_those_of_the_lock_file() -> None:
    """`make vendor` copies them. npm has compared what it installed with the hashes of the lock file."""
    installed, copied = ROOT / "node_modules" / "pdfjs-dist", ROOT / "service" / "web" / "vendor" / "pdfjs-dist"
    files = [file for file in copied.rglob("*") if file.is_file()]
    assert len(files) > 150
    for file in files:
        assert file.read_bytes() == (installed / file.relative_to(copied)).read_bytes(), f"{file}: run `make vendor`"


def test_the_linter_finds_nothing() -> None:
    checked = run("biome", "lint", "--error-on-warnings", "--colors=off")
    assert checked.returncode == 0, checked.stdout + checked.stderr
