"""What stands in comments is in no sentence, passage or title, while the text stays as it is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.ingest.chunking import cut_passages
from index.ingest.hidden import hidden_spans, shown_parts
from index.ingest.segmentation import first_line, split_sentences
from index.ingest.sync import sync
from index.records import EVERYTHING, Filters, Span
from index.stores.store import Index
from tests.servers import BOTH_IN_SOAK
from tests.sync_steps import text_of, write

BACKENDS = BOTH_IN_SOAK

HIDDEN = {
    "a line": "# Shown\n\n<!-- SECRET -->\n\nShown here.",
    "within a sentence": "Shown <!-- SECRET --> here.",
    "several lines with empty ones": "Shown here.\n\n<!--\nSECRET\n\nSECRET\n-->\n\nShown here.",
    "open from one paragraph to the next": "Shown <!-- SECRET\n\nSECRET --> here.",
    "never closed": "Shown here.\n\n<!-- SECRET\n\nSECRET",
    "never closed within a line": "Shown here. <!-- SECRET",
    "in a list": "- Shown\n- <!-- SECRET\n  SECRET --> here.",
    "in a quotation": "> Shown\n> <!-- SECRET --> here.",
    "in a heading": "# Shown <!-- SECRET --> here",
    "in a table": "| Shown | b |\n|---|---|\n| here <!-- SECRET \\| SECRET --> | d |",
    "in raw HTML": "Shown here.\n\n<div>\n<!-- SECRET -->\n</div>",
    "a fence within": "<!--\n```\nSECRET\n```\nSECRET\n-->\n\nShown here.",
    "a mark of code that nothing closes": "- Shown ` here\n- <!-- SECRET ` SECRET -->",
    "indented marks of code": "Shown here.\n\n    ```\n<!-- SECRET -->\n    ```",
    "Obsidian, a line": "Shown here.\n\n%% SECRET %%",
    "Obsidian, within a sentence": "Shown %%SECRET%% here.",
    "Obsidian, several paragraphs": "Shown here.\n\n%%\nSECRET\n\nSECRET\n%%\n\nShown here.",
    "Obsidian, opened at the end of a line": "Shown %%\nSECRET\n\nSECRET\n%% here.",
    "Obsidian, in a quotation": "> Shown\n> %%\n> SECRET\n>\n> SECRET\n> %%\n> here.",
    "Obsidian, never closed": "Shown here.\n\n%%\nSECRET\n\nSECRET",
    "a definition that leads nowhere": "Shown here.\n\n[//]: # (SECRET)\n\nShown here.",
    "a definition without an address": 'Shown here.\n\n[comment]: <> "SECRET"\n',
    "MDX": "Shown here.\n\n{/* SECRET\n\nSECRET */}\n",
    "Hugo": "Shown {{/* SECRET */}} here.",
    "Jinja": "Shown {# SECRET #} here.",
    "CriticMarkup": "Shown {>>SECRET<<} here.",
    "hidden": "Shown <span hidden>SECRET <span>SECRET</span> SECRET</span> here.",
    "display none, over paragraphs": '<div STYLE="color: red; display : none">\n\nSECRET\n\n</div>\n\nShown here.',
    "hidden, never closed": "Shown here.\n\n<p hidden>SECRET\n\nShown here.",
    "scripts and styles": "<script>SECRET</script>\n\n<STYLE>\nSECRET {}\n\nSECRET {}\n</STYLE>\n\nShown here.",
    "a template": "Shown <template>SECRET</template> here.",
    "declarations": "<!DOCTYPE SECRET>\n<?SECRET\n\nSECRET?>\n<![CDATA[SECRET > SECRET]]>\n\nShown here.",
    "Liquid": "Shown here.\n\n{% comment %}\nSECRET\n\n{% endcomment %}\n",
}


def passages(text: str) -> list[str]:
    def words(texts: object) -> list[list[Span]]:
        return [[Span(at, at + 1) for at in range(0, len(one), 4)] for one in texts]  # type: ignore[attr-defined]

    return [text[cut.start : cut.end] for cut in cut_passages(text, "markdown", token_spans=words, max_tokens=200)]


@pytest.mark.parametrize("text", HIDDEN.values(), ids=HIDDEN.keys())
def test_comments_are_in_no_sentence_passage_or_title(text: str) -> None:
    sentences = [text[span.start : span.end] for span in split_sentences(text, "markdown")]
    for shown in (sentences, passages(text), [first_line(text, "markdown")]):
        assert "Shown" in " ".join(shown)
        assert "SECRET" not in " ".join(shown)
    assert "here" in " ".join(sentences)


SHOWN = {
    "fenced code": "```html\n<!-- code -->\n```",
    "fenced code with tildes": "~~~\n%% code %%\n~~~",
    "code within a line": "Write `<!-- code -->` there.",
    "an escaped mark": "Write \\<!-- code --> there.",
    "per cent": "It grew by 5%% in May.\n\nIt fell by code 6 in June.",
    "tags that show": '<div class="hidden"><b style="color: red">code</b></div>',
    "a tag that shows for searching": '<div hidden="until-found">code</div>',
    "less and more": "If a < b and hidden > c, code <! and <? follow.",
    "anchors": "# Code {#code}\n\nMore code {#b}.",
    "a definition with an address": "See [code].\n\n[code]: https://example.org (code)",
}


@pytest.mark.parametrize("text", SHOWN.values(), ids=SHOWN.keys())
def test_what_only_looks_like_a_comment_is_read(text: str) -> None:
    assert any("code" in text[span.start : span.end] for span in split_sentences(text, "markdown"))
    assert hidden_spans(text, "markdown") == []


def test_plain_text_hides_only_what_is_closed() -> None:
    text = "Shown. <!-- SECRET --> Per %% cent %%. <!-- Shown."
    assert [text[span.start : span.end] for span in hidden_spans(text, "text")] == ["<!-- SECRET -->"]


@given(
    st.lists(
        st.sampled_from(
            "<!--|-->|%%|`|<p hidden>|</p>|<style>|<?|?>|{#|#}|```\n|\n\n|\n|a.|> |- |\\|{/*|*/}|[//]: # (|)|~~~".split(
                "|"
            )
        )
    ).map("".join)
)
def test_hidden_stretches_are_in_order_and_what_is_shown_is_the_rest(text: str) -> None:
    hidden = hidden_spans(text, "markdown")
    ends = [0, *(span.end for span in hidden)]
    assert all(end <= span.start < span.end <= len(text) for end, span in zip(ends, hidden, strict=False))
    shown = "".join(text[start:end] for start, end in shown_parts(0, len(text), hidden))
    assert len(shown) == len(text) - sum(span.end - span.start for span in hidden)
    for sentence in split_sentences(text, "markdown"):
        assert all(sentence.end <= span.start or span.end <= sentence.start for span in hidden)


def test_an_article_keeps_its_comments_and_is_not_found_by_them(index: Index, folder: Path) -> None:
    text = "The council decides in March.\n\n<!-- The budget is 900,000 euros. -->\n\nIt meets in Aldwick."
    write(folder, {"plan.md": text, "only.md": "<!-- The budget is 900,000 euros. -->"})
    report = sync(index, [folder])
    assert (report.added, report.failed) == (2, ())
    assert text_of(index, "plan") == text
    found = index.catalog.passages(index.catalog.passage_ids(EVERYTHING, Filters(), limit=9), EVERYTHING, Filters())
    assert sorted(passage.text for passage in found.values()) == [
        "It meets in Aldwick.",
        "The council decides in March.",
    ]
    assert index.words.best("budget", 5) == {}
    assert index.catalog.entries()["only"].info.title == "only"
    second = next(passage for passage in found.values() if passage.ordinal == 1)
    assert index.catalog.last_sentence_before(second) is None
