"""What was skipped, and what to do about it: one line for each reason at the end of a run. A plugin of `conftest.py`."""

from collections import Counter

import pytest


def not_installed(name: str) -> str:
    """Return the reason to skip what needs a program that `make test-deps` installs."""
    return f"{name} is not installed. Run: make test-deps"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    if reasons:
        terminalreporter.section("skipped")
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count} skipped: {reason}")


def _reason(report: pytest.TestReport) -> str:
    told = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return told.removeprefix("Skipped: ")
