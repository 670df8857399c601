"""A conversation as Markdown with footnotes: whole, exact, and harmless whatever its words are."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import cmarkgfm
import mistune
import pytest
from cmarkgfm.cmark import Options
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.exporting import conversation_markdown
from service.schemas.api import ApprovalWire
from service.schemas.history import ConversationResponse, KeptAnswer, StaleCitation
from tests.fake_assistant import answered, citation
from tests.history_assistant import HEIGHT, LENGTH, STAFF, ask, keeping_assistant
from tests.page_browser import TOKEN
from tests.service_fixtures import settings_for
from tests.test_service_api import ADDRESS
from tests.test_service_openai_markdown import HOSTILE, Shown, words

NOW = datetime(2026, 4, 24, 7, 30, tzinfo=UTC)
OURS = re.compile(r"https://(?:ask\.example|herald\.example)/[^<>\s]*|#(?:user-content-)?fn(?:ref)?-?[\w-]+")
RENDERERS: dict[str, Callable[[str], str]] = {
    "mistune": lambda text: str(mistune.create_markdown(escape=False, plugins=["url", "table", "footnotes"])(text)),
    "cmark of GitHub": lambda text: cmarkgfm.github_flavored_markdown_to_html(
        text, Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
    ),
}


def exported(*answers: KeptAnswer, title: str = "A title") -> str:
    conversation = ConversationResponse(
        id="conv_1", title=title, created=NOW, updated=NOW, questions=len(answers), answers=list(answers), withheld=2
    )
    return conversation_markdown(conversation, service="https://ask.example")


def test_footnotes_are_numbered_through_the_conversation(place: Path) -> None:
    with keeping_assistant(place) as assistant:
        first = ask(assistant, HEIGHT, STAFF)
        ask(assistant, LENGTH, STAFF, first.conversation_id)
        conversation = assistant.conversation(first.conversation_id or "", STAFF)
        text = conversation_markdown(conversation, service="https://ask.example/")
    assert text.startswith(f"# {HEIGHT}\n")
    assert [line for line in text.split("\n") if line.startswith("## ")] == [f"## {HEIGHT}", f"## {LENGTH}"]
    cited = [one for answer in conversation.answers for one in answer.citations]
    assert re.findall(r"^\[\^(\d+)\]: ", text, re.MULTILINE) == [str(n) for n in range(1, len(cited) + 1)]
    assert "“The old tower at the harbour is 84 metres high.” — [The tower](https://ask.example/articles/tower?" in text
    assert set(re.findall(r"\[\^(\d+)\](?!:)", text)) == {str(n) for n in range(1, len(cited) + 1)}


def test_it_says_what_is_approved_stale_unverified_and_left_out() -> None:
    told = answered("It rained.", "It snowed.", citations=[citation(1), citation(2)])
    unsure = told.sentences[1].model_copy(update={"support": "unverified", "citations": []})
    kept = KeptAnswer(
        **told.model_copy(update={"sentences": [told.sentences[0], unsure]}).model_dump(exclude={"approved"}),
        approved=ApprovalWire(by="key:*bo*", at=NOW),
        stale=[StaleCitation(number=1, since=NOW, article_version="sha256:2")],
    )
    text = exported(kept)
    assert "*Approved by key:\\*bo\\* on 2026-04-24.*" in text
    assert "have changed since:** [^1]" in text
    assert "It snowed. (unverified)" in text
    assert "2 of its answers left out" in text


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("text", HOSTILE)
def test_no_renderer_makes_a_link_or_an_image_of_any_words(renderer: str, text: str) -> None:
    source = citation(1, url="https://herald.example/rain").model_copy(
        update={"quote": text, "title": text, "publisher": text}
    )
    told = answered(text, "It rained.", citations=[source]).model_copy(update={"question": text})
    shown = Shown(RENDERERS[renderer](exported(KeptAnswer(**told.model_dump()), title=text)))
    assert not shown.tags & {"img", "script", "svg", "iframe"}
    assert all(OURS.fullmatch(address) for address in shown.addresses)
    assert words(text) in words(shown.text)


def test_it_is_a_file_over_http(place: Path) -> None:
    with keeping_assistant(place) as assistant:
        client = TestClient(
            create_app(assistant, settings=settings_for(place / "data"), owner_token=TOKEN), base_url=ADDRESS
        )
        asked = client.post("/api/ask", json={"question": HEIGHT}).json()
        reply = client.get(f"/api/conversations/{asked['conversation_id']}/export")
    assert reply.headers["content-type"] == "text/markdown; charset=utf-8"
    assert reply.headers["content-disposition"] == f'attachment; filename="footnote-{asked["conversation_id"][-8:]}.md"'
    assert reply.text.startswith(f"# {HEIGHT}")
