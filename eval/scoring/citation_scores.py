"""Whether citations point at what answers the question, and whether they are exact.

Precision and recall are over human evidence, like the supporting-fact scores of Yang et al., "HotpotQA", EMNLP 2018.
They differ from those of Gao et al., "Enabling Large Language Models to Generate Text with Citations", EMNLP 2023,
where a model judges whether a citation entails its sentence.
"""

from collections.abc import Sequence

from eval.records import EvalQuestion, TextOf
from eval.scoring.evidence import Target, overlap
from index.records import Span
from service.schemas.api import AskResponse, CitationWire

EVIDENCE_CITED = (
    "citation_precision",
    "citation_recall",
    "citation_f1",
    "article_citation_precision",
    "article_citation_recall",
    "article_citation_f1",
)
SELF_CHECK = ("sentences_self_supported", "self_check_agreement")


def evidence_is_known(question: EvalQuestion) -> bool:
    """Say whether citations can be compared with what they should point at."""
    return question.answerable and bool(question.evidence or question.relevant_ids)


def citation_scores(question: EvalQuestion, response: AskResponse, targets: Sequence[Target]) -> dict[str, float]:
    """Score citations against evidence; without evidence, against relevant articles.

    A citation is right when it shares with an evidence quote at least half of the shorter of the two. Precision is
    the share of citations that are right, recall the share of evidence rows that some citation is right about: where
    several articles say the same and the set lists them all, citing one of them has the recall of one. `article_*` are the
    same over the distinct articles that are cited and should be. F1 is the harmonic mean of the two in one answer. An answer
    without citations has precision 0, and so has a refusal of a question that has an answer. Other systems may cite whole
    articles, without a quote: those count by article alone.
    """
    if not evidence_is_known(question):
        return {}
    cited, wanted = {c.article_id for c in response.citations}, {target.article_id for target in targets}
    by_article = _named(
        "article_citation", _share([id in wanted for id in cited]), _share([id in cited for id in wanted])
    )
    quoted = _quoted(response)
    if response.citations and not quoted:
        return by_article
    right = [any(_is_right(citation, target) for target in targets) for citation in quoted]
    reached = [any(_is_right(citation, target) for citation in quoted) for target in targets]
    return _named("citation", _share(right), _share(reached)) | by_article


def _quoted(response: AskResponse) -> list[CitationWire]:
    return [citation for citation in response.citations if citation.quote]


def _named(name: str, precision: float, recall: float) -> dict[str, float]:
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {f"{name}_precision": precision, f"{name}_recall": recall, f"{name}_f1": f1}


def _share(right: Sequence[bool]) -> float:
    return sum(right) / len(right) if right else 0.0


def cited_passages(response: AskResponse) -> list[str]:
    """Return the passages that an answer cites, each once; where they did not come with it, the quotes."""
    texts = {hit.passage_id: hit.text for hit in response.hits or ()}
    cited = (texts.get(citation.passage_id, citation.quote) for citation in response.citations)
    return list(dict.fromkeys(text for text in cited if text))


def exactness(response: AskResponse, text_of: TextOf) -> dict[str, float]:
    """`citations_exact`: the share of citations with `article_text[start:end] == quote` in the version they name.

    Our own: anything below 1 is a bug. A citation whose article cannot be opened is not exact. Only for answers with
    citations.
    """
    exact = [_is_exact(citation, text_of) for citation in _quoted(response)]
    if not exact:
        return {}
    return {"citations_exact": sum(exact) / len(exact)}


def support(response: AskResponse) -> dict[str, float]:
    """`sentences_verified`: the share of an answer's sentences that the service marked as verified. Our own."""
    if not response.sentences:
        return {}
    verified = sum(sentence.support == "verified" for sentence in response.sentences)
    return {"sentences_verified": verified / len(response.sentences)}


def self_check(response: AskResponse) -> dict[str, float]:
    """Return what the language model that wrote an answer says of its sentences, where it was asked. Our own.

    `sentences_self_supported`: the share of those with a verdict that it finds supported. `self_check_agreement`: the share
    of these on which it agrees with the check that ships.
    """
    judged = [sentence for sentence in response.sentences if sentence.self_check]
    if not judged:
        return {}
    agreed = sum((one.self_check == "supported") == (one.support == "verified") for one in judged)
    supported = sum(one.self_check == "supported" for one in judged)
    return {"sentences_self_supported": supported / len(judged), "self_check_agreement": agreed / len(judged)}


def _is_right(citation: CitationWire, target: Target) -> bool:
    if citation.article_id != target.article_id:
        return False
    if target.spans is None:
        return True
    cited = Span(citation.start, citation.end)
    return any(_share_half(cited, span) for span in target.spans)


def _share_half(one: Span, other: Span) -> bool:
    shared = overlap(one, other)
    return shared > 0 and 2 * shared >= min(one.end - one.start, other.end - other.start)


def _is_exact(citation: CitationWire, text_of: TextOf) -> bool:
    text = text_of(citation.article_id, citation.article_version)
    # Negative offsets would count from the end in Python and nowhere else.
    return text is not None and citation.start >= 0 and text[citation.start : citation.end] == citation.quote
