"""A run as JUnit XML, which CI systems show as a list of tests: one case for each question.

There is no standard; the elements and attributes are those of the schema that Jenkins reads:
https://github.com/jenkinsci/xunit-plugin (junit-10.xsd).
"""

import re
from collections import Counter
from pathlib import Path
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from eval.records import Result
from eval.reporting.page_sections import title
from eval.reporting.points import kind_of
from eval.reporting.verdicts import FAILURES, Stage, verdict
from eval.results import JUNIT_FILE, Report, read_results, written_whole

# What XML 1.0 cannot hold, not even as a reference (section 2.2).
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(report: Report, folder: Path) -> Path:
    """Write `junit.xml` next to the results in `folder`, whole or not at all, and return its path.

    A question that went wrong is a failure whose type is the stage; one without an answer for a fault of ours is an
    error; one whose right answer nobody knows is skipped. Raises WrongUsage without results.
    """
    path = folder / JUNIT_FILE
    counts = Counter(verdict(result).stage for result in read_results(folder))
    with written_whole(path) as file:
        xml = XMLGenerator(file, "utf-8", short_empty_elements=True)
        xml.startDocument()
        _start(xml, "testsuite", _suite(report, counts))
        for result in read_results(folder):
            _case(xml, result)
        xml.endElement("testsuite")
        xml.endDocument()
    return path


def _suite(report: Report, counts: Counter[Stage]) -> dict[str, str]:
    failures = sum(counts[stage] for stage in FAILURES) - counts["error"]
    return {
        "name": title(report),
        "tests": str(counts.total()),
        "failures": str(failures),
        "errors": str(counts["error"]),
        "skipped": str(counts["open"]),
        "time": f"{report['seconds']:.3f}",
    }


def _case(xml: XMLGenerator, result: Result) -> None:
    judged = verdict(result)
    seconds = (result.latency_ms or 0) / 1000
    case = {"classname": kind_of(result), "name": f"{result.id}: {result.question}", "time": f"{seconds:.3f}"}
    _start(xml, "testcase", case)
    if judged.stage == "open":
        _whole(xml, "skipped", {"message": judged.words}, "")
    elif judged.stage != "right":
        element = "error" if judged.stage == "error" else "failure"
        _whole(xml, element, {"type": judged.stage, "message": judged.words}, _said(result))
    xml.endElement("testcase")
    xml.characters("\n")


def _said(result: Result) -> str:
    known = " | ".join(result.answers) or ("not known" if result.answerable else "none")
    return f"Known: {known}\nGiven: {result.text}"


def _whole(xml: XMLGenerator, name: str, attributes: dict[str, str], text: str) -> None:
    _start(xml, name, attributes)
    xml.characters(_clean(text))
    xml.endElement(name)


def _start(xml: XMLGenerator, name: str, attributes: dict[str, str]) -> None:
    xml.startElement(name, AttributesImpl({key: _clean(value) for key, value in attributes.items()}))


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
