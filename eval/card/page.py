"""The card as a page of Markdown: what was measured, with intervals, and where each figure comes from. Nothing else."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from eval.card.entries import UNCITED, Entry, Mean
from eval.outcomes import MEASURES, outcome_changes, outcome_shares, shown
from eval.scoring.aggregates import Score
from index.errors import WrongUsage

SETS_FILE = "sets.toml"
_NAMES = {"footnote": "Footnote", "plain": "Plain prompt", "citation_query_engine": "CitationQueryEngine"}
_SCORES = {
    "hits@10": "article among 10",
    "evidence_hits@10": "evidence among 10",
    "citation_f1": "citation F1",
    "attack_success": "attacks that succeed",
}
_HEAD = """\
# Card

What was measured on question sets that others can have, too. `footnote eval card` makes this page of [kept
runs](../eval/card/runs.json); what was not measured is not here. Right: a known answer stands in the text. Wrong: another
answer. Refused: there is no answer; rightly where the articles do not have one. In parentheses are 95 % of 1,000 resamples of
the questions, of whole groups where questions belong together. Two figures whose intervals overlap widely may be the same;
with a dozen questions most do.

*Plain prompt* is one prompt of two sentences over the first three of Footnote's hits, and *CitationQueryEngine* LlamaIndex's
engine with its own prompt over the same three, both with the same model and nothing checked
([how](evaluation.md#with-a-language-model)). Seconds are the median of a question on the machine of the run, with whatever
else ran on it. Tokens are the median of what the model read for a question, estimated at four bytes each where its server
does not count. A question that ended in an error counts as wrong; the last table has how many did.
"""


@dataclass(frozen=True, slots=True)
class SetInfo:
    """A question set by its public name, where it comes from, what to know of it, and the commands that measure it.

    Where known answers are `long_answers`, none stands in an answer word for word, and right and wrong are left out.
    """

    name: str
    source: str
    command: str
    note: str = ""
    model_command: str = ""
    long_answers: bool = False


_SETS = TypeAdapter(dict[str, SetInfo])


def sets_in(folder: Path) -> dict[str, SetInfo]:
    """Return the question sets of the card, by the stem of their file or folder. Raises WrongUsage."""
    path = folder / SETS_FILE
    try:
        return _SETS.validate_python(tomllib.loads(path.read_text("utf-8"))) if path.exists() else {}
    except (OSError, ValueError, ValidationError) as error:
        raise WrongUsage(f"{path} cannot be read: {error}") from error


def card(entries: Sequence[Entry], sets: dict[str, SetInfo]) -> str:
    """Return the page. Sets without a run are named, with the command that would measure them."""
    measured = {name: list(of_set) for name, of_set in groupby(entries, key=lambda one: one.set)}
    parts = [_HEAD, *(_of_set(name, sets.get(name), measured[name]) for name in [*sets, *measured] if name in measured)]
    return "\n".join([*dict.fromkeys(parts), *_not_measured(sets, measured), _provenance(entries)])


def _of_set(name: str, info: SetInfo | None, entries: Sequence[Entry]) -> str:
    lines = [f"## {info.name if info else name}", ""]
    if info:
        lines += [
            f"{info.source[:1].upper()}{info.source[1:]}. {info.note}".strip(),
            "",
            "```sh",
            info.command,
            *filter(None, [info.model_command]),
            "```",
            "",
        ]
    # The same questions of several systems stand together, the most questions first.
    grouped = groupby(
        sorted(entries, key=lambda one: (-len(one.endings), one.questions)), key=lambda one: one.questions
    )
    for _, same in grouped:
        lines += _table(sorted(same, key=_order), judged=not (info and info.long_answers))
    return "\n".join(lines)


def _order(entry: Entry) -> tuple[bool, str, bool, str]:
    return entry.model is not None, entry.model or "", entry.system != "footnote", entry.system


def _table(entries: Sequence[Entry], *, judged: bool) -> Iterator[str]:
    scores = [name for name in _SCORES if any(name in entry.scores for entry in entries)]
    answerable = sum(ending.answerable for ending in entries[0].endings.values())
    yield f"{answerable} questions with an answer, {len(entries[0].endings) - answerable} without:"
    yield ""
    heads = [
        "",
        "right",
        "wrong",
        "refused",
        "rightly refused",
        *(_SCORES[name] for name in scores),
        "seconds",
        "tokens",
    ]
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for entry in entries:
        shares = outcome_shares(list(entry.endings.values()))
        measured = [measure for measure in shares if judged or "refused" in measure]
        cells = [shown(shares[measure]) if measure in measured else "" for measure in MEASURES]
        cells += [_score(entry.scores.get(name)) for name in scores]
        seconds = "" if entry.seconds is None else f"{entry.seconds:.1f}"
        tokens = "" if entry.tokens is None else f"{entry.tokens:.0f}"
        yield f"| {' | '.join([_named(entry), *cells, seconds, tokens])} |"
    yield ""
    yield from _differences(entries)


def _differences(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield what Footnote has over the others with the same model on the same questions, paired."""
    lines = [
        f"- Footnote less {_NAMES[other.system]}, {other.model}: {_changed(other, ours)}"
        for ours in entries
        for other in entries
        if ours.system == "footnote" and other.system in UNCITED and ours.model == other.model
    ]
    if lines:
        yield from ["Differences on the same questions, paired:", "", *lines, ""]


def _changed(before: Entry, after: Entry) -> str:
    both = [name for name in before.endings if name in after.endings]
    changes = outcome_changes([before.endings[name] for name in both], [after.endings[name] for name in both])
    words = (f"{measure.replace('_', ' ')} {shown(change, signed=True)}" for measure, change in changes.items())
    return ", ".join(words) + "."


def _score(mean: Mean | None) -> str:
    return "" if mean is None else shown(Score(mean=mean.mean, low=mean.low, high=mean.high, n=mean.n))


def _named(entry: Entry) -> str:
    system = _NAMES.get(entry.system, f"`{entry.system}`")
    return f"{system}, {entry.model}" if entry.model else f"{system}, no language model"


def _not_measured(sets: dict[str, SetInfo], measured: dict[str, list[Entry]]) -> Iterator[str]:
    left = [info for name, info in sets.items() if name not in measured]
    if left:
        yield "## Not measured for this card\n"
        yield from (f"- {info.name}: {info.source}. `{info.command}`" for info in left)
        yield ""


def _provenance(entries: Sequence[Entry]) -> str:
    lines = ["## Runs", "", "| set | answered by | begun | commit | errors | machine |", "|---|---|---|---|---|---|"]
    for entry in sorted(entries, key=lambda one: (one.set, one.begun)):
        parts = (entry.machine.get(name) for name in ("processor", "platform"))
        machine = ", ".join([*filter(None, parts), f"{entry.machine.get('cores', '?')} cores"])
        begun = entry.begun[:16].replace("T", " ")
        cells = [f"{entry.set}, {len(entry.endings)}", _named(entry), begun, _commit(entry), str(entry.errors), machine]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _commit(entry: Entry) -> str:
    if entry.commit is None:
        return "not known"
    commit, changes, _ = entry.commit.partition("+changes")
    return f"`{commit[:10]}`" + (" with changes" if changes else "")
