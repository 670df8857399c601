"""The files that the page is made of."""

import json
import re
from pathlib import Path

WEB = Path(__file__).parent.parent / "service" / "web"
# What others wrote lies in `vendor`.
SCRIPTS = sorted(script for script in WEB.rglob("*.js") if "vendor" not in script.parts)


def test_scripts_never_build_html_from_words() -> None:
    assert SCRIPTS
    for script in SCRIPTS:
        text = script.read_text(encoding="utf-8")
        assert not any(
            word in text for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(")
        )


def test_all_scripts_are_fetched_at_once_not_one_import_after_the_other() -> None:
    page = (WEB / "index.html").read_text(encoding="utf-8")
    fetched = re.findall(r'(?:modulepreload" href|type="module" src)="/static/(.+?)"', page)
    assert sorted(fetched) == sorted(str(script.relative_to(WEB)) for script in SCRIPTS)


def test_pdf_js_has_the_version_of_the_lock_file_and_its_licence() -> None:
    copied = WEB / "vendor" / "pdfjs-dist"
    locked = json.loads((WEB.parents[1] / "package-lock.json").read_text())["packages"]["node_modules/pdfjs-dist"]
    named = json.loads((copied / "package.json").read_text())
    assert (named["version"], named["license"]) == (locked["version"], "Apache-2.0")
    assert "Apache License" in (copied / "LICENSE").read_text()
    for script in ("pdf.min.mjs", "pdf.worker.min.mjs"):
        assert f'"{locked["version"]}"' in (copied / "legacy" / "build" / script).read_text()


def test_nothing_comes_from_elsewhere_and_nothing_is_inline() -> None:
    page = (WEB / "index.html").read_text(encoding="utf-8")
    assert all(address.startswith("/") or address == "#main" for address in re.findall(r'(?:href|src)="(.*?)"', page))
    assert not re.search(r"<style|style=|<script(?! type=\"module\" src=)|\son\w+=", page)
    for sheet in WEB.rglob("*.css"):
        assert "//" not in sheet.read_text(encoding="utf-8"), sheet.name
