"""Passages are exact stretches made of whole sentences, and never longer than the model reads."""

from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.ingest.chunking import Cut, content_key, cut_passages, passage_id
from index.ingest.segmentation import display_text, split_sentences
from index.models.embedding import Embedder
from index.records import Article, ArticleInfo, Span, TextFormat, version_of

PIECES = """It rained. |It rained.\n|It rained in Rome\n|He said “Go!” |😀|😀 |𝔘𝔫𝔦 |日本語|日本語。|한국어는|한국어
|ทดสอบภาษาไทย|e\u0301|\n\n|\t|# |- |**b** |*|_
|`x` |&nbsp;|[a](b) |qzxjkvwpfg |qzxjkvwpfg
|antidisestablishmentarianism|https://example.com/a/b?c=d&e=f |$5.2 billion |...|\u200b|\ufffd|\ue000
|\x85|\x1c|\x07|(|!|½|ﬀ|İ|ß""".split("|")

ANYTHING = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=5)
TEXTS = st.lists(st.sampled_from(PIECES) | ANYTHING, min_size=1, max_size=30).flatmap(
    lambda pieces: st.integers(1, 12).map(lambda times: "".join(pieces) * times)
)
FORMATS = st.sampled_from(get_args(TextFormat))


def cut(embedder: Embedder, text: str, format: TextFormat, limit: int = 200) -> list[Cut]:
    return cut_passages(text, format, token_spans=embedder.token_spans, max_tokens=embedder.passage_tokens(limit))


def count_tokens(embedder: Embedder, text: str) -> int:
    return len(embedder.token_spans([text])[0])


@given(text=TEXTS, format=FORMATS, limit=st.sampled_from([16, 40, 200]))
@example(text="한국어는 " * 200, format="text", limit=16)
@example(text="한국어는" * 200, format="text", limit=40)
@example(text="a\u200bb\u200b\u200bc \ue000 d" * 60, format="text", limit=16)
def test_passages_are_made_of_all_sentences_and_exact(
    embedder: Embedder, text: str, format: TextFormat, limit: int
) -> None:
    cuts = cut(embedder, text, format, limit)
    pieces = [sentence for one in cuts for sentence in one.sentences]
    assert [one.ordinal for one in cuts] == list(range(len(cuts)))
    assert all((one.start, one.end) == (one.sentences[0].start, one.sentences[-1].end) for one in cuts)
    end = 0
    for piece in pieces:
        assert end <= piece.start < piece.end <= len(text)
        assert text[piece.start : piece.end] == text[piece.start : piece.end].strip()
        end = piece.end
    said = ["".join(text[s.start : s.end].split()) for s in split_sentences(text, format)]
    assert "".join("".join(text[p.start : p.end].split()) for p in pieces) == "".join(said)


@given(text=TEXTS, format=FORMATS, limit=st.sampled_from([120, 200, 400]))
@example(text="qzxjkvwpfg" * 9 + " ", format="text", limit=120)
@example(text=("qzxjkvwpfg" * 9 + " ") * 30, format="text", limit=200)
@example(text="日本語" * 300, format="text", limit=200)
@example(text="한국어는 " * 300, format="markdown", limit=200)
@example(text="a\x85b\x1cc\x85d\x1c" * 300, format="text", limit=200)
def test_a_passage_is_never_longer_than_its_limit(
    embedder: Embedder, text: str, format: TextFormat, limit: int
) -> None:
    most = embedder.passage_tokens(limit)
    for one in cut(embedder, text, format, limit):
        assert count_tokens(embedder, text[one.start : one.end]) <= most


@given(text=TEXTS, title=TEXTS, format=FORMATS)
@example(text="qzxjkvwpfg" * 400, title="qzxjkvwpfg" * 30, format="text")
@example(text="word " * 2_000, title="word " * 200, format="markdown")
@example(text="😀 " * 2_000, title="😀" * 200, format="text")
@example(text="日本語" * 2_000, title="日本語" * 40, format="text")
@example(text="ทดสอบภาษาไทย" * 200, title="ทดสอบภาษาไทย" * 9, format="text")
@example(text="a\x85b\x1cc\x85d\x1c" * 300, title="a\x85b\x1cc\x85d\x1c" * 300, format="text")
def test_title_and_passage_together_are_read_whole(
    embedder: Embedder, text: str, title: str, format: TextFormat
) -> None:
    (heading,) = embedder.shortened_headings([" ".join(title.split())])
    embedded = [f"{heading}\n{display_text(text[c.start : c.end], format)}" for c in cut(embedder, text, format, 1_000)]
    read = [one.ids for one in embedder._tokenizer_for_cutting.encode_batch(embedded, add_special_tokens=True)]
    assert max(map(len, read), default=0) <= embedder._model.max_tokens


def test_passages_end_at_sentence_ends_and_are_about_as_long_as_wanted(embedder: Embedder) -> None:
    text = "".join(f"Sentence number {n} says that it rained in the valley all day long. " for n in range(100))
    cuts = cut(embedder, text, "text")
    lengths = [count_tokens(embedder, text[c.start : c.end]) for c in cuts]
    assert all(text[c.end - 1] == "." for c in cuts)
    assert min(lengths) >= 150
    assert max(lengths) <= 200


def test_a_passage_is_of_one_section(embedder: Embedder) -> None:
    text = "# Leave\n\n## Holidays\n\nThere are 27 days.\n\n## Illness\n\nCall in before nine.\n\n- Send a note.\n\n## Care\n"
    passages = [text[c.start : c.end] for c in cut(embedder, text, "markdown")]
    assert passages == [
        "Leave\n\n## Holidays\n\nThere are 27 days.",
        "Illness\n\nCall in before nine.\n\n- Send a note.",
        "Care",
    ]


def test_a_passage_is_of_one_topic_of_minutes(embedder: Embedder) -> None:
    text = (
        "# Council, 3 May\n\n* Travel fund\n  * The board was asked for 10,000 dollars.\n  * Ann reports in June.\n"
        "* Elections\n  * Only two people stand.\n* No news of the logo\n* Nor of the name\n"
    )
    passages = [text[one.start : one.end] for one in cut(embedder, text, "markdown")]
    assert [passage.splitlines()[0] for passage in passages] == ["Council, 3 May", "Elections", "No news of the logo"]
    assert passages[0].endswith("Ann reports in June.")


def test_there_is_no_lonely_tail(embedder: Embedder) -> None:
    text = "It rained in Rome all day. " * 30
    lengths = [count_tokens(embedder, text[c.start : c.end]) for c in cut(embedder, text, "text")]
    assert len(lengths) == 2
    assert max(lengths) < 1.5 * min(lengths)


def test_a_text_without_a_sentence_end_is_cut_between_words(embedder: Embedder) -> None:
    text = "supercalifragilistic " * 300
    cuts = cut(embedder, text, "text")
    assert len(cuts) > 5
    assert {word for c in cuts for word in text[c.start : c.end].split()} == {"supercalifragilistic"}


def test_an_article_of_one_word_is_one_passage(embedder: Embedder) -> None:
    (only,) = cut(embedder, "\n\n  Yes  \n", "markdown")
    assert (only.start, only.end, len(only.sentences)) == (4, 7, 1)


@pytest.mark.parametrize("spaced", [False, True])
def test_any_tokenizer_will_do(spaced: bool) -> None:
    """Some put the space before a word into its token; others make several tokens of one character."""

    def token_spans(texts: object) -> list[list[Span]]:
        (text,) = list(texts)  # type: ignore[call-overload]
        if spaced:
            starts = [0, *(n for n, character in enumerate(text) if character == " ")]
            return [[Span(a, b) for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]]
        return [[Span(n, n + 1) for n in range(len(text)) for _ in range(3)]]

    text = "one two three four five six seven eight nine ten"
    cuts = cut_passages(text, "text", token_spans=token_spans, max_tokens=4)
    words = [text[c.start : c.end] for c in cuts]
    assert "".join(words).replace(" ", "") == text.replace(" ", "")
    assert all(word and word == word.strip() for word in words)


def article(title: str = "T", publisher: str | None = None, format: TextFormat = "text", text: str = "A") -> Article:
    info = ArticleInfo("id", version_of(text), title, format=format, publisher=publisher)
    return Article(info, text, "path")


def test_the_content_key_is_what_decides_how_passages_are_found() -> None:
    keys = {
        content_key(article()),
        content_key(article(title="U")),
        content_key(article(publisher="P")),
        content_key(article(format="markdown")),
        content_key(article(text="B")),
        content_key(article(title="TP")),
        content_key(article(title="T", publisher="")),
    }
    assert len(keys) == 6
    renamed = Article(ArticleInfo("other", version_of("A"), "T", groups=frozenset()), "A", "elsewhere")
    assert content_key(renamed) == content_key(article())


def test_passage_ids_name_the_content() -> None:
    assert passage_id(content_key(article()), 3) == content_key(article()) + "-3"


def test_a_word_of_many_pages_is_cut(embedder: Embedder) -> None:
    text = "x" * 50_000
    cuts = cut_passages(text, "text", token_spans=embedder.token_spans, max_tokens=200)
    assert "".join(text[cut.start : cut.end] for cut in cuts) == text
    assert max(cut.end - cut.start for cut in cuts) <= 8_000
