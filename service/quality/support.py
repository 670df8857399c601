"""Which sentences of an answer are supported by what it cites: the check that ships, for live answers and for evaluations."""

from collections.abc import Iterator, Sequence

from index.ingest.segmentation import display_text, split_sentences
from index.records import ArticleInfo, Hit, Passage, version_of
from index.stores.store import Index
from service.answer.verification.check import checked
from service.schemas.api import AskResponse


def claims_of(response: AskResponse) -> Iterator[str]:
    """Yield the sentences of an answer; of a list, those of its items. Code claims nothing."""
    for sentence in response.sentences:
        if sentence.form != "code":
            for span in split_sentences(sentence.text, "markdown"):
                yield display_text(sentence.text[span.start : span.end], "markdown")


def supports(index: Index, claim: str, texts: Sequence[str], *, question: str = "") -> bool:
    """Say whether these texts support a claim. A few words are read together with the `question` that they answer.

    Raises ModelUnusable.
    """
    hits = [hit_of(text) for text in texts]
    return bool(hits) and checked(index, claim, hits, hits, question=question).support == "verified"


def hit_of(text: str, title: str = "") -> Hit:
    """Return a text as a passage that was found."""
    version = version_of(text)
    article = ArticleInfo(id=version[7:19], version=version, title=title)
    return Hit(Passage(version, article, 0, 0, len(text), text, tuple(split_sentences(text, "text"))), 1.0, 0.8, 1.0)
