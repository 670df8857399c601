"""A run as one HTML file that can be sent to someone: scores, then every question with its answer and citations.

No scripts and nothing loaded from elsewhere. Questions, answers and quotes are other people's words: all are escaped.
"""

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from eval.page_style import STYLE
from eval.records import CitedQuote, Result
from eval.report import score_rows, shown
from eval.results import PAGE_FILE, Report, read_results
from eval.verdicts import verdict

_HEAD = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Footnote evaluation</title>
<style>{STYLE}</style>
</head>
<body>
<main>
"""

_FILTER = """<fieldset class="filter"><legend>Show</legend>
<label><input type="radio" name="show" id="show-all" checked> all</label>
<label><input type="radio" name="show" id="show-wrong"> wrong</label>
<label><input type="radio" name="show" id="show-right"> right</label>
</fieldset>
"""


def write_page(report: Report, folder: Path) -> Path:
    """Write `report.html` beside the results in `folder` and return its path. Raises WrongUsage without results."""
    path = folder / PAGE_FILE
    with path.open("w", encoding="utf-8") as page:
        page.writelines(_page(report, read_results(folder)))
    return path


def _page(report: Report, results: Iterable[Result]) -> Iterator[str]:
    yield _HEAD
    yield _summary(report)
    yield _scores(report)
    yield _remarks("Errors", [f"{row['id']}: {row['error']}" for row in report["errors"]])
    yield _remarks("Rows that were not asked", report["problems"])
    yield _remarks("Notes", report["notes"])
    yield f"<h2>Questions</h2>\n{_FILTER}"
    for result in results:
        yield _question(result)
    yield "</main>\n</body>\n</html>\n"


def _summary(report: Report) -> str:
    dataset, model = report["settings"].get("dataset", ""), report["index"].get("model", "")
    facts = [f"{report['questions']} questions", f"{len(report['errors'])} errors", f"{report['seconds']:.1f} s"]
    facts += [str(fact) for fact in (dataset, report["index"].get("answerer", ""), model) if fact]
    return f'<h1>Footnote evaluation</h1>\n<p class="facts">{" · ".join(map(escape, facts))}</p>\n'


def _scores(report: Report) -> str:
    rows = []
    group = None
    for row in score_rows(report["metrics"]):
        if row.group != group:
            rows.append(f'<tr class="group"><th colspan="4" scope="rowgroup">{escape(row.group)}</th></tr>')
            group = row.group
        cells = f"<td>{escape(row.value)}</td><td>{escape(row.interval)}</td><td>{escape(row.n)}</td>"
        rows.append(f'<tr><th scope="row">{escape(row.name)}</th>{cells}</tr>')
    titles = ("score", "value", "95 % interval", "n")
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    body = "\n".join(rows)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n"


def _remarks(title: str, remarks: list[str]) -> str:
    if not remarks:
        return ""
    lines = "".join(f"<li>{escape(remark)}</li>\n" for remark in remarks)
    summary = f"<summary>{escape(title)} ({len(remarks)})</summary>"
    return f'<details class="remarks">{summary}\n<ul>\n{lines}</ul></details>\n'


def _question(result: Result) -> str:
    judged = verdict(result)
    badge = f'<span class="badge">{escape(judged.words)}</span>'
    kind = f' <span class="kind">{escape(result.kind)}</span>' if result.kind else ""
    known = " · ".join(map(escape, result.answers)) or ("" if result.answerable else "the articles do not answer this")
    scores = ", ".join(f"{escape(name)} {shown(name, value)}" for name, value in result.scores.items())
    return (
        f'<details class="question {judged.outcome}">\n'
        f"<summary>{badge} {escape(result.question)}{kind}</summary>\n"
        f"{_paragraph('error', result.error)}{_paragraph('answer', result.text)}"
        f"{_paragraph('known', known and f'Known: {known}', escaped=True)}"
        f"{''.join(map(_citation, result.citations))}"
        f"{_paragraph('scores', f'{escape(result.id)}: {scores}', escaped=True)}</details>\n"
    )


def _citation(citation: CitedQuote) -> str:
    title = escape(citation.title or citation.article_id)
    # Any other scheme could run a script in the reader's browser.
    if citation.url and citation.url.lower().startswith(("https://", "http://")):
        title = f'<a href="{escape(citation.url)}" rel="noreferrer">{title}</a>'
    place = f"{citation.start} to {citation.end}"
    return (
        f"<figure><blockquote>{escape(citation.quote)}</blockquote>\n"
        f"<figcaption>[{citation.number}] {title}, {escape(citation.article_id)} {place}</figcaption></figure>\n"
    )


def _paragraph(name: str, text: str | None, *, escaped: bool = False) -> str:
    if not text:
        return ""
    return f'<p class="{name}">{text if escaped else escape(text)}</p>\n'
