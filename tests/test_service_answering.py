"""Questions to answers over a real index: what is found, what is refused, and that every citation is exact."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.errors import IndexEmpty, QuestionError
from index.records import EVERYTHING, FOR_EVERYONE, Filters
from index.retrieval import retrieve
from service.answer.evidence import Search, read_evidence
from service.answer.extractive import quoted
from service.answer.models import Answer, Question
from service.answer.pipeline import NOT_ANSWERED, answer
from service.assistant import LocalAssistant
from service.auth.askers import OWNER
from service.schemas.api import AskRequest, FiltersWire, SearchRequest
from tests.service_fixtures import ask, assistant_over, index_into, settings_for, write

KEY_QUESTION = "How much will Amazon invest in Anthropic right away?"

QUESTIONS = [
    "How much had Amazon invested in Anthropic before?",
    "When was the article of SDG News published?",
    "Which startup may SpaceX acquire, and for how much?",
    "What did Accenture show at Hannover Messe?",
    "What is Microsoft planning in Australia?",
    "Why do AI companies reserve capacity before demand arrives?",
    "Summarize the agreement between Amazon and Anthropic.",
    "What percentage of Amazon's income comes from AWS?",
    "Is compute more important than talent?",
    "trainium 2 trainium 3 trainium 4",
    "IT IS SHOUTING: WHY IS COMPUTE SCARCE???",
    "Wie viel investiert Amazon in Anthropic?",
    "5 gigawatts 😀",
]

OTHER_WORLDS = [
    "Which frog has the most poisonous skin in Madagascar?",
    "How long do you boil an ostrich egg?",
    "Who won the football world cup of 1954?",
    "What is the melting point of tungsten?",
    "How do I prune an apple tree in winter?",
]


# Over the articles that ship


def test_the_key_question_is_answered_with_the_amount_quoted(corpus_assistant: LocalAssistant) -> None:
    response = ask(corpus_assistant, KEY_QUESTION)
    assert (response.status, response.answerer, response.degraded) == ("answered", "extractive", None)
    assert any("$5 billion" in citation.quote for citation in response.citations)
    assert "$5 billion" in response.text
    assert all(sentence.support == "verified" for sentence in response.sentences)
    assert response.id.startswith("ans_")
    assert 0.5 <= response.confidence <= 1
    assert response.timings_ms.total >= max(response.timings_ms.retrieve, response.timings_ms.answer) > 0


@pytest.mark.parametrize("refusals", [True, False], ids=["refusals on", "refusals off"])
def test_every_citation_of_every_answer_is_exact(corpus_assistant: LocalAssistant, refusals: bool) -> None:
    assistant = LocalAssistant(
        corpus_assistant.live,
        settings_for(corpus_assistant.settings.data_dir, refusals=refusals),
        None,
    )
    responses = [ask(assistant, question) for question in QUESTIONS]  # `ask` checks the citations
    answered = [response for response in responses if response.status == "answered"]
    assert len(answered) > len(QUESTIONS) / 2
    assert refusals or len(answered) == len(QUESTIONS)
    assert len({citation.article_id for response in answered for citation in response.citations}) >= 5


def test_the_same_question_has_the_same_answer_and_ids_of_its_own(corpus_assistant: LocalAssistant) -> None:
    first, second = (ask(corpus_assistant, KEY_QUESTION) for _ in range(2))
    assert (first.text, first.citations) == (second.text, second.citations)
    assert first.id != second.id


@pytest.mark.parametrize("question", OTHER_WORLDS)
def test_a_question_from_another_world_is_refused_with_what_is_nearest(
    corpus_assistant: LocalAssistant, question: str
) -> None:
    response = ask(corpus_assistant, question)
    assert (response.status, response.text, response.sentences) == ("no_answer", NOT_ANSWERED, [])
    assert response.confidence < 0.5
    titles = {
        article.id: article.title for article in corpus_assistant.articles(EVERYTHING, after=None, limit=10).articles
    }
    assert 1 <= len(response.nearest) <= 3
    assert {nearest.article_id: nearest.title for nearest in response.nearest}.items() <= titles.items()


def test_with_refusals_off_every_question_has_an_answer(corpus_assistant: LocalAssistant) -> None:
    settings = settings_for(corpus_assistant.settings.data_dir, refusals=False)
    for question in OTHER_WORLDS:
        result = answer(Question(question, EVERYTHING), index=corpus_assistant.current_index, settings=settings)
        assert isinstance(result, Answer)
        assert result.sentences
        assert result.confidence < 0.5  # it knows better


def test_filters_leave_only_what_matches(corpus_assistant: LocalAssistant) -> None:
    published = FiltersWire(published_after=date(2026, 4, 21), published_before=date(2026, 4, 21))
    chosen = "anthropic-secures-5-gigawatts"
    for filters, expected in [
        (published, "compute-becomes-the-scarce-resource"),
        (FiltersWire(publishers=["sdg news"]), "compute-becomes-the-scarce-resource"),
        (FiltersWire(article_ids=[chosen]), chosen),
    ]:
        response = ask(corpus_assistant, "How many gigawatts did Anthropic secure?", filters=filters, include_hits=True)
        assert {hit.article_id for hit in response.hits or ()} == {expected}
        assert {citation.article_id for citation in response.citations} <= {expected}
    nothing = ask(
        corpus_assistant, KEY_QUESTION, filters=FiltersWire(published_after=date(2030, 1, 1)), include_hits=True
    )
    assert (nothing.status, nothing.nearest, nothing.hits) == ("no_answer", [], [])


# Questions that nobody could answer


@pytest.mark.parametrize(
    ("question", "problem"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("x" * 100_000, "100,000 characters"),
        ("why " * 25_000, "99,999 characters"),
        ("What is \ud800?", "not text"),
        ("What is \0?", "not text"),
        ("?!… – ¿", "no words"),
        ("😀😀", "no words"),
    ],
    ids=["empty", "blank", "long word", "long", "surrogate", "NUL", "punctuation", "emoji"],
)
def test_a_question_that_is_none(corpus_assistant: LocalAssistant, question: str, problem: str) -> None:
    with pytest.raises(QuestionError, match=problem):
        corpus_assistant.ask(AskRequest(question=question), OWNER)
    with pytest.raises(QuestionError, match=problem):
        corpus_assistant.search(SearchRequest(question=question), EVERYTHING)


def test_the_longest_question_is_answered_and_one_character_more_is_not(corpus_assistant: LocalAssistant) -> None:
    longest = (KEY_QUESTION + " ") * 60
    ask(corpus_assistant, longest[:2_000])
    with pytest.raises(QuestionError, match="2,001 characters"):
        ask(corpus_assistant, "x" + longest[:2_000])
    assert ask(corpus_assistant, " " * 5_000 + KEY_QUESTION).question == KEY_QUESTION


words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words | st.sampled_from(['AND OR NOT "', "body:(amazon", "a* [1 TO 2]", "^~2 +-&&||!(){}", "title:^5 /x/", "%"]))
def test_whatever_is_asked_is_answered_or_refused_in_words(corpus_assistant: LocalAssistant, question: str) -> None:
    if any(character.isalnum() or character == "_" for character in question):
        response = ask(corpus_assistant, question)
        assert response.question == question.strip()
        assert response.text
    else:
        with pytest.raises(QuestionError, match="The question"):
            ask(corpus_assistant, question)


# Indexes that cannot be asked


def test_an_empty_index(own_assistant: LocalAssistant) -> None:
    for _ in range(2):
        with pytest.raises(IndexEmpty, match="footnote index"):
            own_assistant.ask(AskRequest(question="Why?"), OWNER)
        with pytest.raises(IndexEmpty):
            own_assistant.search(SearchRequest(question="Why?"), FOR_EVERYONE)
        with pytest.raises(IndexEmpty):
            own_assistant.ready()
        with pytest.raises(QuestionError):  # the question comes first: it is wrong in any index
            own_assistant.ask(AskRequest(question=""), OWNER)


def test_an_index_made_with_other_settings(tmp_path: Path) -> None:
    folder = write(tmp_path / "news", {"rain.txt": "It rained in Hamburg on Monday."})
    with assistant_over(settings_for(tmp_path / "data")) as assistant:
        index_into(assistant, folder)
    with assistant_over(settings_for(tmp_path / "data", passage_tokens=100)) as assistant:
        assert ask(assistant, "Where did it rain on Monday?").status == "answered"
        assistant.ready()
        assert "made with all-MiniLM-L6-v2@" in (assistant.status().outdated or "")
        report = index_into(assistant, folder)
        assert (report.rebuilt, report.unchanged) == (assistant.status().outdated or report.rebuilt, 1)
        assert report.rebuilt
        assert assistant.status().outdated is None
        assert assistant.status().fingerprint.endswith("/100")
        assert ask(assistant, "Where did it rain on Monday?").status == "answered"


# Any articles

SENTENCES = [
    "The tower is 120 metres high.",
    "The tower is 120 metres high. The tower is 120 metres high.",
    "It was built in 1889.",
    "😀 The builder, Ms Müller-Ångström, spent $5 million on 𝔗𝔬𝔴𝔢𝔯𝔰.",
    "“Nobody will climb it,” said the mayor [1].",
    "\tTabs\tstand\tbetween\tthese words.",
    "# The tower",
    "- It has 600 steps.",
    "| height | 120 |",
    "它高一百二十米。",
    "Это высокая башня.",
    "e\u0301tage",
    "</passage> & <b>bold</b> **strong** `code` [link](https://a.example)",
    "\u2028\u200b\ufeff",
    "Dr. Who vs. St. John, i.e. 3.5 m",
]
BREAKS = [" ", "\n", "\r\n", "\r\n\r\n", "\n\n\n\n", "\r", "\t", "\n \t \n", " \u00a0"]


@st.composite
def articles(draw: st.DrawFn) -> dict[str, str]:
    def text() -> str:
        pieces = draw(st.lists(st.sampled_from(SENTENCES) | words, min_size=1, max_size=8))
        return "".join(piece + draw(st.sampled_from(BREAKS)) for piece in pieces)

    named = draw(st.lists(st.sampled_from(["a.txt", "b.md", "c/d.md"]), min_size=1, unique=True))
    made = {name: "The tower stands.\r\n" + text().replace("\0", "") for name in named}
    if draw(st.booleans()):  # one text under several names
        made["copy.txt"] = made[named[0]]
    return made


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(articles(), st.sampled_from(["How high is the tower?", "Who built it, and when?", "Summarize the articles."]))
def test_citations_are_exact_in_any_article(
    tmp_path_factory: pytest.TempPathFactory, articles: dict[str, str], question: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    with assistant_over(settings_for(folder / "data", refusals=False, passage_tokens=40)) as assistant:
        report = index_into(assistant, write(folder / "news", articles))
        assert report.articles == len(articles)
        response = ask(assistant, question, include_hits=True)
        assert response.status == "answered"
        assert response.citations
        for hit in response.hits or ():
            text = assistant.article(hit.article_id, EVERYTHING, hit.article_version).text
            assert text[hit.start : hit.end] == hit.text
            assert "\r" not in text


def test_a_quote_is_of_the_version_that_was_indexed(own_assistant: LocalAssistant, tmp_path: Path) -> None:
    folder = write(tmp_path / "news", {"tower.txt": "The tower is 120 metres high, the builder says."})
    index_into(own_assistant, folder)
    old = ask(own_assistant, "How high is the tower?").citations[0]
    write(folder, {"tower.txt": "Correction.\n\nThe tower is 125 metres high, the builder says."})
    index_into(own_assistant, folder)
    new = ask(own_assistant, "How high is the tower?").citations[-1]
    assert "125 metres" in new.quote
    assert old.article_version != new.article_version
    kept = own_assistant.article(old.article_id, EVERYTHING, old.article_version)
    assert (kept.text[old.start : old.end], kept.current) == (old.quote, False)


def test_a_deleted_article_is_gone_from_the_next_answer(own_assistant: LocalAssistant, tmp_path: Path) -> None:
    index_into(
        own_assistant,
        write(
            tmp_path / "news",
            {
                "high.txt": "The tower is 120 metres high, the builder says.",
                "low.txt": "The tower is 90 metres high, the neighbours say.",
            },
        ),
    )
    assert {c.article_id for c in ask(own_assistant, "How high is the tower?").citations} == {"high", "low"}
    own_assistant.delete(["high"])
    assert {c.article_id for c in ask(own_assistant, "How high is the tower?").citations} == {"low"}


def test_an_article_that_goes_away_while_it_is_quoted_is_no_fault(
    own_assistant: LocalAssistant, tmp_path: Path
) -> None:
    towers = {f"{n}.txt": f"The tower of town {n} is 1{n} metres high.\n\nIt was built in 195{n}." for n in range(3)}
    index_into(own_assistant, write(tmp_path / "news", towers))
    question = "How high is the tower, and when was it built?"
    retrieved = retrieve(own_assistant.current_index, question, access=EVERYTHING, filters=Filters())
    (evidence,) = read_evidence(own_assistant.current_index, [Search(question, retrieved.hits)])
    own_assistant.delete(["0", "1", "2"])
    # What was retrieved before may still be shown, or be left out, but the question does not fail.
    for draft in quoted(own_assistant.current_index, [evidence]):
        for stretch in draft.stretches:
            text = towers[f"{stretch.hit.passage.article.id}.txt"]
            assert text[stretch.span.start : stretch.span.end] == stretch.words


def test_what_will_be_is_not_answered_with_what_was(corpus_assistant: LocalAssistant) -> None:
    """An article tells of both in neighbouring sentences, and the one about before is the more similar one."""
    now = ask(corpus_assistant, "How much will Amazon invest in Anthropic right away?")
    assert any("immediate investment of $5 billion" in sentence.text for sentence in now.sentences)
    before = ask(corpus_assistant, "How much had Amazon invested in Anthropic before?")
    assert any("$8 billion" in sentence.text for sentence in before.sentences)
    # The sources differ, so that no figure passes for the answer.
    assert (len(before.disagreements), before.short_answer) == (1, None)
