"""What the command line shows people: answers with their sources, hits, reports, progress."""

import re
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import PurePath

from rich import markup
from rich.console import Console
from rich.padding import Padding

from index.control_characters import json_controls, visible_controls
from index.errors import ArticleDeleted, ArticleUnknown
from service.cli.markdown import without_marks
from service.client import Client
from service.marked_words import marked_quote
from service.schemas.api import AskResponse, CitationWire, HitWire, NearestPassageWire, SearchResponse
from service.schemas.maintenance import (
    BackupResponse,
    CheckResponse,
    IndexReportWire,
    MigrationResponse,
    RebuildResponse,
    StatusResponse,
)
from service.schemas.scan_note import scan_note

OnProgress = Callable[[int, int], None]
_SHOWN = 20
_BEFORE_LINES = {"code": "    ", "quote": "> "}
_COUNTED = ("added", "updated", "renamed", "deleted", "unchanged")


def _console(*, stderr: bool = False) -> Console:
    # Words between colons stay words: ":x:" is no picture.
    return Console(stderr=stderr, highlight=False, emoji=False)


def _shown(text: str) -> str:
    """Return other people's words as Rich markup that shows them as they are: no markup, and no control character."""
    return markup.escape(visible_controls(text, one_line=True))


def markdown_articles(client: Client, response: AskResponse) -> frozenset[str]:
    """Return the ids of the quoted articles that are written in Markdown."""
    quoted = {(citation.article_id, citation.article_version) for citation in response.citations}
    quoted |= {(near.article_id, near.article_version) for near in response.nearest if near.article_version}
    return frozenset(article_id for article_id, version in quoted if _is_markdown(client, article_id, version))


def _is_markdown(client: Client, article_id: str, version: str) -> bool:
    try:
        return client.article(article_id, version).format == "markdown"
    except (ArticleUnknown, ArticleDeleted):
        return False  # it was deleted while the question was answered


def print_answer(response: AskResponse, *, markdown: Collection[str] = ()) -> None:
    """Print an answer with its numbered sources, or what the corpus has that is nearest.

    Quotes of the articles with ids in `markdown` are shown without Markdown's marks.
    """
    out = _console()
    if response.status == "no_answer":
        _print_nearest(out, response, markdown=markdown)
        return
    if response.status == "about":
        _print_about(out, response)
        return
    if response.short_answer:
        out.print(f"[bold]{_shown(response.short_answer)}[/bold]\n")
    _print_text(out, response)
    for disagreement in response.disagreements:
        values = "; ".join(f"{_shown(v.value)} {_markers(v.citations)}" for v in disagreement.values)
        out.print(f"\n[bold]Sources differ:[/bold] {values}")
    out.print(f"\n[dim]{_made_by(response)}[/dim]")
    for citation in response.citations:
        _print_citation(out, citation, markdown=citation.article_id in markdown)


def _print_text(out: Console, response: AskResponse) -> None:
    """Print what is said. Code is indented, lines of a quote have a mark before them, and neither are broken."""
    printed = 0
    for sentence in response.sentences:
        if before := _BEFORE_LINES.get(sentence.form):
            _print_lines(out, response.text[printed : sentence.start].rstrip("\n"))
            for line in response.text[sentence.start : sentence.end].split("\n"):
                out.print(f"{before}{_shown(line)}", soft_wrap=True)
            printed = sentence.end + 1
    _print_lines(out, response.text[printed:])


def _print_lines(out: Console, text: str) -> None:
    if text:
        out.print("\n".join(map(_shown, text.split("\n"))))


def _print_nearest(out: Console, response: AskResponse, *, markdown: Collection[str]) -> None:
    """Print that no answer was found, and the passages that come nearest with the words of the question marked."""
    out.print(f"[bold]{_shown(response.text)}[/bold]")
    if response.nearest:
        out.print("Nearest:")
    for near in response.nearest:
        out.print(f"  • {_shown(near.title)} [dim]({_shown(near.article_id)})[/dim]", soft_wrap=True)
        if near.quote:
            quote = _nearest_quote(near, markdown=near.article_id in markdown)
            out.print(Padding(f"“{quote}”", (0, 0, 0, 4)))


def _nearest_quote(near: NearestPassageWire, *, markdown: bool) -> str:
    """Return the quote of a passage in one line of Rich markup, with the words of the question in bold."""
    if not markdown or not near.quote:
        return marked_quote(near, written=_shown, marked="[bold]{}[/bold]".format)
    start = near.start or 0
    words = {near.quote[mark.start - start : mark.end - start] for mark in near.marks}
    # Without its marks the quote has other offsets, so the words are looked for. Every second part is one of them.
    parts = re.split(rf"\b({'|'.join(map(re.escape, words))})\b", without_marks(near.quote)) if words else []
    bold = "".join(f"[bold]{_shown(part)}[/bold]" if at % 2 else _shown(part) for at, part in enumerate(parts))
    return bold or _shown(without_marks(near.quote))


def _print_about(out: Console, response: AskResponse) -> None:
    """Print a reply to small talk, with each question that could be asked on a line of its own."""
    out.print(_shown(response.text))
    if response.about and response.about.questions:
        out.print("\nYou could ask:")
        out.print("\n".join(f"  • {_shown(question)}" for question in response.about.questions))


def _markers(numbers: list[int]) -> str:
    return " ".join(f"\\[{number}]" for number in numbers)


def _made_by(response: AskResponse) -> str:
    by = (
        "Quoted from the articles." if response.answerer == "extractive" else f"Written by {_shown(response.answerer)}."
    )
    if response.approved:
        by = f"Approved by {_shown(response.approved.by)} on {response.approved.at:%Y-%m-%d}."
    unverified = sum(sentence.support == "unverified" for sentence in response.sentences)
    doubt = f" {unverified} sentence{'s' if unverified > 1 else ''} could not be verified." if unverified else ""
    return by + doubt + (f" {_shown(response.degraded)}" if response.degraded else "")


def _print_citation(out: Console, citation: CitationWire, *, markdown: bool) -> None:
    page = f", p. {citation.page}" if citation.page else ""
    scan = f", {note}" if (note := scan_note(citation)) else ""
    source = _source(citation.publisher, citation.published) + page + scan
    out.print(f"\\[{citation.number}] [bold]{_shown(citation.title)}[/bold]{_shown(source)}", soft_wrap=True)
    out.print(Padding(f"“{_quote(citation, markdown=markdown)}”", (0, 0, 0, 4)))
    place = citation.url or f"{citation.article_id}, characters {citation.start}–{citation.end}"
    out.print(Padding(f"[dim]{_shown(place)}[/dim]", (0, 0, 0, 4)), soft_wrap=True)


def _quote(citation: CitationWire, *, markdown: bool) -> str:
    """Return a quote in one line of Rich markup, with what answers by itself in bold."""
    read = without_marks if markdown else _on_one_line
    quote, at, marked = citation.quote, citation.start, citation.highlight
    if not marked:
        return _shown(read(quote))
    before, bold, after = read(quote).partition(read(quote[marked.start - at : marked.end - at]) or "\n")
    return f"{_shown(before)}[bold]{_shown(bold)}[/bold]{_shown(after)}" if bold else _shown(before)


def _on_one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _source(publisher: str | None, published: date | None) -> str:
    known = [publisher or "", published.isoformat() if published else ""]
    return "".join(f", {part}" for part in known if part)


def print_hits(response: SearchResponse) -> None:
    """Print the passages found, best first."""
    out = _console()
    if not response.hits:
        out.print("No passage fits.")
    for rank, hit in enumerate(response.hits, start=1):
        out.print(f"{rank:>3}. [bold]{_shown(hit.title)}[/bold] [dim]{_scores(hit)}[/dim]", soft_wrap=True)
        out.print(Padding(_shown(" ".join(hit.text.split())), (0, 0, 0, 5)))


def _scores(hit: HitWire) -> str:
    words = "" if hit.lexical is None else f", {hit.lexical:.1f} by words"
    return f"{hit.score:.3f} = {hit.dense:.3f} by meaning{words}; {_shown(hit.article_id)}"


def print_index_report(report: IndexReportWire, *, dry_run: bool) -> None:
    """Print what a run of indexing did, and on standard error what it could not do."""
    out, err = _console(), _console(stderr=True)
    done = "Would be" if dry_run else "Done:"
    if report.rebuilt:
        out.print(f"The index {'would be' if dry_run else 'was'} made again: {_shown(report.rebuilt)}.", soft_wrap=True)
    counts = [f"{getattr(report, name)} {name}" for name in _COUNTED]
    out.print(f"{done} {', '.join(counts)}. The index holds {report.articles} articles in {report.passages} passages.")
    if not (report.failed or any(getattr(report, name) for name in _COUNTED)):
        out.print(f"Nothing was found to index. Files that are read: {_endings()}.", soft_wrap=True)
    explained = {warning.path for warning in report.warnings}
    unexplained = [path for path in report.skipped if path not in explained]
    for skipped in unexplained[:_SHOWN]:
        err.print(f"skipped {_shown(skipped)}: {_why_skipped(skipped)}", soft_wrap=True)
    if len(unexplained) > _SHOWN:
        err.print(f"… and {len(unexplained) - _SHOWN} more skipped")
    for warning in report.warnings:
        err.print(f"[yellow]warning[/yellow] {_shown(warning.path)}: {_shown(warning.error)}", soft_wrap=True)
    for failed in report.failed:
        err.print(f"[red]failed[/red] {_shown(failed.path)} {_shown(failed.error)}", soft_wrap=True)


def _why_skipped(path: str) -> str:
    from index.sources.extraction import ENDINGS

    # A reason is given once, for the first file that it holds for.
    known = PurePath(path).suffix.lower() in ENDINGS
    return "see the warning on the first file of its type" if known else "a type that is not read"


def _endings() -> str:
    from index.sources.extraction import ENDINGS
    from index.sources.files import LINES_ENDING

    return ", ".join(sorted({*ENDINGS, LINES_ENDING}))


def print_status(response: StatusResponse) -> None:
    """Print what is indexed."""
    out = _console()
    rows = {
        "Articles": str(response.articles),
        "Passages": str(response.passages),
        "Model": response.model,
        "Fingerprint": response.fingerprint,
        "Reader": response.reader or "none",
        "Reranker": response.reranker or "none",
        "Computes in": response.computation or "unknown",
        "Last sync": response.last_sync or "never",
        "Data folder": response.data_dir,
        "Database": response.database or "files in the data folder",
        "Vectors": response.vectors or "in the data folder",
        "Indexing": response.ingest or "in this process",
        "Answers": response.answerer,
    }
    for name, value in rows.items():
        out.print(f"[bold]{name:<12}[/bold] {_shown(value)}", soft_wrap=True)
    if response.outdated:
        out.print(f"[yellow]The index has to be made again:[/yellow] {_shown(response.outdated)}.", soft_wrap=True)
        out.print("Until `footnote index` does so, questions are answered from it as it is.")
    for watched in response.watching:
        last = f"indexed {watched.last_sync}" if watched.last_sync else "not indexed yet"
        out.print(f"[bold]{'Watching':<12}[/bold] {_shown(watched.path)}, {_shown(last)}", soft_wrap=True)
        if watched.failures:
            tries = f"{watched.failures} tries failed" if watched.failures > 1 else "the last try failed"
            out.print(f"{'':<12} [red]changes do not count now: {tries}, the next is at {watched.next_try}[/red]")
        for problem in watched.problems:
            out.print(f"{'':<12} [red]{_shown(problem)}[/red]", soft_wrap=True)


def print_rebuilt(response: RebuildResponse, *, json: bool) -> None:
    """Print what the index holds after it was made again."""
    if json:
        print(json_controls(response.model_dump_json(indent=2)))
        return
    out = _console()
    out.print(
        f"Made again: {response.articles} articles in {response.passages} passages, {response.seconds:.1f} seconds."
    )


def print_backup(response: BackupResponse) -> None:
    """Print what was backed up, and where it lies."""
    out = _console()
    held = f"{response.articles} articles in {response.passages} passages, {response.seconds:.1f} seconds"
    out.print(f"Backed up into {_shown(response.folder)}: {held}.", soft_wrap=True)
    if not response.agree:
        out.print(
            "[red]Its catalogue, vectors and words differ.[/red] Run `footnote status --repair`, then back up again."
        )


def print_migration(response: MigrationResponse, *, to_servers: bool) -> None:
    """Print what was copied, and what to do next."""
    out = _console()
    held = ", ".join(f"{count} of {name}" for name, count in response.rows.items() if count)
    out.print(
        f"Copied and checked {response.articles} articles in {response.passages} passages, {response.seconds:.1f} seconds."
    )
    if held:
        out.print(f"And these rows: {held}.", soft_wrap=True)
    if to_servers:
        out.print("Set FOOTNOTE_DATABASE_URL and FOOTNOTE_CHROMA_URL to these addresses to use them from now on.")
    else:
        out.print("Set FOOTNOTE_DATA_DIR to this folder, and unset FOOTNOTE_DATABASE_URL and FOOTNOTE_CHROMA_URL.")
    out.print("The source is as it was. Remove it when you no longer need it.")


def print_check(response: CheckResponse) -> None:
    """Print what the three stores differ in, and what was done about it."""
    out = _console()
    if response.damage:
        out.print(f"[red]{_shown(response.damage)}[/red]", soft_wrap=True)
    kinds = {
        "vectors missing": response.missing_vectors,
        "vectors that belong to no passage": response.extra_vectors,
        "vectors that are wrong": response.wrong_vectors,
        "passages whose words are missing": response.missing_words,
        "words that belong to no passage, or are there twice": response.extra_words,
    }
    for kind, found in kinds.items():
        if found.count:
            more = f" and {found.count - len(found.ids)} more" if found.count > len(found.ids) else ""
            out.print(f"{found.count} {kind}: {_shown(', '.join(found.ids))}{more}", soft_wrap=True)
    if response.agree:
        out.print(f"Catalogue, vectors and words hold the same {response.passages} passages.")
    elif response.repair == "none":
        out.print("They differ. Run `footnote status --repair` to repair vectors and words from the catalogue.")
    else:
        how = "repaired" if response.repair == "mended" else "rebuilt next to the old index"
        out.print(f"Vectors and words were {how}, from the catalogue's {response.passages} passages.")


@contextmanager
def progress_bar(doing: str = "Indexing", of: str = "articles") -> Iterator[OnProgress | None]:
    """Show progress on a terminal, by default that of indexing. In a pipe nothing is shown, and None is yielded."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TextColumn(of), TimeRemainingColumn())
    with Progress(*columns, console=_console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield show
