"""`footnote eval` on sets of questions and labels: check, draft, from-feedback, label, calibrate.

Everything heavy is imported by the command that needs it, so that help answers at once.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eval.terminal import errors_shown, say, show_list
from index.errors import WrongUsage

if TYPE_CHECKING:
    from eval.drafting.draft import Proposer
    from service.settings import Settings

WORKERS = 8

Dataset = Annotated[
    Path,
    typer.Argument(
        metavar="DATASET",
        help="Folder or file of questions: questions.jsonl, .csv, SQuAD, LlamaIndex, BEIR, MultiHop-RAG, CLAPNQ or MT-RAG.",
    ),
]
Corpus = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH", help="Articles to ask about, in an index of their own. Default: the set's, or the live index."
    ),
]


def check_command(dataset: Dataset, corpus: Corpus = None) -> None:
    """Find questions without answers, quotes that are not in their article, duplicates."""
    with errors_shown():
        from eval.asking import article_texts
        from eval.check import check_questions
        from eval.datasets import read_questions
        from eval.opening import asked_of, opened
        from service.settings import load_settings

        questions = asked_of(read_questions(dataset), corpus)
        with opened(questions, dataset, load_settings()) as (client, left_out):
            found = left_out + check_questions(questions, article_texts(client))
        for line in found:
            say(line)
        print(f"{len(questions.questions)} questions, {len(found)} problems")
        if found:
            raise typer.Exit(1)


def draft_command(
    source: Annotated[Path, typer.Argument(metavar="PATH", help="File or folder of articles.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="File that the questions are added to.")] = Path(
        "questions.jsonl"
    ),
    count: Annotated[int, typer.Option(min=1, metavar="NUMBER", help="Propose at most so many questions.")] = 50,
) -> None:
    """Propose questions about new articles. None is asked before a person sets its "reviewed" to true."""
    with errors_shown():
        from eval.drafting.draft import draft_into
        from service.settings import load_settings

        settings = load_settings()
        drafted = draft_into(
            out, source, count=count, max_bytes=settings.max_article_bytes, proposer=_proposer(settings)
        )
        show_list("Articles that could not be read", list(drafted.unread))
        show_list("Proposals that were no use", [f"{number} {reason}" for reason, number in drafted.dropped.items()])
        say(f'{len(drafted.added)} questions added to {out}. Read each, and set "reviewed" to true where it is right.')


def from_feedback_command(
    out: Annotated[Path, typer.Option(metavar="FILE", help="File that the questions are added to.")] = Path(
        "questions.jsonl"
    ),
    rating: Annotated[str | None, typer.Option(metavar="[up|down]", help="Only answers with this rating.")] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Only those asked since that day."),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Everything that was asked, rated or not, grouped by meaning, most frequent first."),
    ] = False,
    count: Annotated[int, typer.Option(min=1, metavar="NUMBER", help="At most so many, with --all.")] = 50,
) -> None:
    """Propose the questions of rated answers, or with --all the most frequent of everything that was asked.

    None is asked before a person sets its "reviewed" to true.
    """
    with errors_shown():
        from eval.from_feedback import candidates_into, read_rating
        from service.opening import open_client
        from service.settings import load_settings

        wanted, settings = read_rating(rating), load_settings()
        if everything and (wanted or since):
            raise WrongUsage("--all takes everything that was asked. Leave out --rating and --since.")
        with open_client(settings, with_history=True) as client:
            if everything:
                from eval.drafting.asked import asked_into
                from eval.scoring.claims import opened_check

                with opened_check(settings) as check:
                    added = asked_into(out, client, check.index.embedder.embed_questions, count=count)
            else:
                added = candidates_into(out, client, rating=wanted, since=since.date() if since else None)
        say(f'{added} questions added to {out}. Read each, and set "reviewed" to true where it is right.')


def vary_command(
    dataset: Dataset,
    out: Annotated[Path, typer.Option(metavar="FILE", help="File that the questions are added to.")] = Path(
        "questions.jsonl"
    ),
    ways: Annotated[
        list[str] | None,
        typer.Option(
            "--way",
            metavar="[keywords|typos|indirect|pairs|reworded]",
            help="May be repeated. Default: all; the last needs a language model.",
        ),
    ] = None,
    count: Annotated[int, typer.Option(min=1, metavar="NUMBER", help="At most so many in each way.")] = 50,
    seed: Annotated[int, typer.Option(metavar="NUMBER", help="Draws other questions.")] = 0,
) -> None:
    """Propose the questions of a set in other styles and words, and two of them in one: drafts to be reviewed."""
    with errors_shown():
        from eval.datasets import read_questions
        from eval.drafting.varying import read_ways, vary_into
        from service.answer.llm.generative import model_from
        from service.settings import load_settings

        llm = model_from(load_settings())
        chosen = read_ways(ways or (), model=llm is not None)
        added = vary_into(out, read_questions(dataset).questions, chosen, count=count, seed=seed, llm=llm)
        say(f"{added} questions added to {out}. Review them: footnote eval review {out}")


def near_misses_command(
    dataset: Dataset,
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder for the set.")],
    corpus: Corpus = None,
) -> None:
    """Write a set whose articles lack what its questions ask for: drafts, until a person reviews them."""
    with errors_shown():
        from eval.datasets import read_questions
        from eval.drafting.near_misses import write_near_misses
        from eval.opening import asked_of
        from service.settings import load_settings

        questions = asked_of(read_questions(dataset), corpus)
        made = write_near_misses(questions, out, max_bytes=load_settings().max_article_bytes)
        show_list("Left out", list(made.left_out))
        say(f"{made.written} questions in {out}. Review them: footnote eval review {out / 'questions.jsonl'}")


def hostile_command(
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder for the set.")],
    rounds: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=20,
            metavar="NUMBER",
            help="Ask the attacks, let a language model rewrite what failed, and try again: so many rounds in all.",
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=256, metavar="NUMBER", help="Attacks at a time.")] = WORKERS,
    against: Annotated[str | None, typer.Option(metavar="URL", help="Attack this system, as in run.")] = None,
    against_command: Annotated[str | None, typer.Option(metavar="COMMAND", help="Attack this program.")] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="Model of --against.")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="Longest wait for its answer.")] = 120.0,
) -> None:
    """Write a question set of attacks, in articles and questions; with --rounds, ask them and rewrite what failed."""
    with errors_shown():
        from eval.against.opening import other_from
        from eval.hostile import attacks, write_hostile_set

        other = other_from(against, against_command, model=model, timeout=timeout, refusals=())
        if rounds is None:
            if other:
                raise WrongUsage(
                    "--against needs --rounds. To ask the attacks once: footnote eval run FOLDER --against …"
                )
            every = list(attacks())
            write_hostile_set(out, every)
            say(f"{len(every)} attacks in {out}. Ask them: footnote eval run {out}")
            return
        from eval.hostile_rounds import attack_in_rounds, attacker_from, lines_of
        from eval.run import Course, progress
        from eval.running import Asked, run_into
        from service.settings import load_settings

        attacker = attacker_from(load_settings())

        def ask(dataset: Path, folder: Path) -> object:
            return run_into(folder, Asked(dataset, other=other, judged=False), Course(None, workers, True), show_list)

        with progress() as shown:
            task = shown.add_task("Rewriting")
            found = attack_in_rounds(
                out, rounds, ask, attacker, lambda done, of: shown.update(task, completed=done, total=of)
            )
        for line in lines_of(found):
            say(line)


def review_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The .jsonl file with drafts.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The page to write.")] = Path("review.html"),
    apply: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Put the decisions that the page saved into the file of drafts.")
    ] = None,
) -> None:
    """Write a page to accept, mend or reject drafts by keyboard; with --apply, put its decisions into the set."""
    with errors_shown():
        from eval.drafting.review import apply_reviews, write_review_page

        if apply is None:
            count = write_review_page(file, out)
            say(f"{count} drafts in {out}. Save the reviews, then: footnote eval review {file} --apply reviews.jsonl")
            return
        applied = apply_reviews(file, apply)
        show_list("Not applied", list(applied.problems))
        say(f"{applied.accepted} accepted, {applied.rejected} rejected in {file}")
        if applied.problems:
            raise typer.Exit(1)


def label_command(
    runs: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Results of one run, or of several, which are mixed.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The page to write.")] = Path("label.html"),
    count: Annotated[int, typer.Option(min=1, max=2_000, metavar="NUMBER", help="Answers to label.")] = 50,
    seed: Annotated[int, typer.Option(metavar="NUMBER", help="Draws other answers.")] = 0,
) -> None:
    """Write a page to label answers by keyboard, without saying which system gave them."""
    with errors_shown():
        from eval.calibration.page import write_label_page

        drawn = write_label_page(runs, out, count=count, seed=seed)
        say(f"{drawn} answers to label in {out}. Open it in a browser, and save the labels at the end.")


def calibrate_command(
    labels: Annotated[list[Path], typer.Argument(metavar="LABELS...", help="Files of labels, as the page saves them.")],
    run: Annotated[Path, typer.Option(metavar="DIR", help="Results of the run whose answers were labelled.")],
) -> None:
    """Hold the judges of a run against people's labels, and correct the judged scores."""
    with errors_shown():
        from eval.calibration.calibrate import calibrate, lines_of, write_calibration
        from eval.calibration.labels import read_labels

        calibration = calibrate(run, read_labels(labels))
        for line in lines_of(calibration):
            say(line)
        say(f"Kept in {write_calibration(calibration, run)}")


def _proposer(settings: "Settings") -> "Proposer | None":
    from eval.drafting.draft import Proposer
    from service.answer.llm.generative import model_from

    llm = model_from(settings)
    return Proposer(llm, settings.llm_context_tokens) if llm else None
