"""What is installed is what runs: the wheel holds every file that the packages need."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[1]


def test_the_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as packed:
        held = set(packed.namelist())
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in ("service", "index", "eval")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and not {"__pycache__", "questions", "questions_dated", "baseline"} & set(path.parts)
    }
    assert {
        "service/web/index.html",
        "service/web/vendor/pdfjs-dist/legacy/build/pdf.worker.min.mjs",
        "service/web/vendor/pdfjs-dist/wasm/jbig2_nowasm_fallback.js",
        "index/stores/migrations/versions/0001_first.py",
        "index/reader/weights/reader.safetensors",
        "index/support/weights/reader.safetensors",
        "eval/reporting/web/report.js",
        "service/answer/verification/antonyms.tsv",
        "service/answer/verification/denying.tsv",
    } <= wanted
    assert wanted <= held
