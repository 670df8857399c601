"""LlamaIndex's CitationQueryEngine as a program that `footnote eval run --against-command` asks:

    footnote eval run SET --workers 1 --against-command "python -m eval.against.citation_query_engine ARTICLES"

The index is `VectorStoreIndex.from_documents` in memory, with the embedding model that ships with Footnote and LlamaIndex's
own splitter and prompts; the language model is that of `FOOTNOTE_LLM_PROVIDER` and the other settings. What was said before
a question is not used: the engine has no place for it. Needs the extra `bench`.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.bench.quickstart import check_installed, embedding_model
from eval.drafting.draft import articles_under
from index.errors import FootnoteError, WrongUsage
from index.records import Article
from service.answer.llm.generative import model_from
from service.settings import load_settings

if TYPE_CHECKING:
    from llama_index.core.base.base_query_engine import BaseQueryEngine
    from llama_index.core.schema import NodeWithScore


def engine(articles: Iterator[Article], *, hits: int) -> "BaseQueryEngine":
    """Return the engine over these articles. Raises WrongUsage without a language model, or what is compared with."""
    check_installed()
    from llama_index.core import Document, VectorStoreIndex
    from llama_index.core.query_engine import CitationQueryEngine

    llm = model_from(load_settings())
    if llm is None:
        raise WrongUsage("The engine needs a language model. Set FOOTNOTE_LLM_PROVIDER and FOOTNOTE_LLM_MODEL.")
    documents = [
        Document(text=article.text, metadata={"article_id": article.id, "title": article.info.title})
        for article in articles
    ]
    index = VectorStoreIndex.from_documents(documents, embed_model=embedding_model())
    return CitationQueryEngine.from_args(index, llm=llm, similarity_top_k=hits)


def reply(engine: "BaseQueryEngine", question: str) -> dict[str, Any]:
    """Return what the engine answers, as `eval.against.replies.Reply` has it."""
    response = engine.query(question)
    found = [_source(node) for node in response.source_nodes]
    return {"answer": str(response), "sources": found, "hits": found}


def _source(node: "NodeWithScore") -> dict[str, str]:
    # The engine begins the text of each with "Source 1:" and a line's end.
    text = node.node.get_content().partition("\n")[2].strip()
    return {"article_id": node.metadata["article_id"], "title": node.metadata["title"], "text": text}


def main(arguments: argparse.Namespace) -> None:
    """Answer lines of JSON until there are no more."""
    unread: list[str] = []
    answering = engine(
        articles_under(arguments.articles, load_settings().max_article_bytes, unread), hits=arguments.hits
    )
    for problem in unread:
        print(problem, file=sys.stderr)
    for line in sys.stdin:
        try:
            said = reply(answering, json.loads(line)["question"])
        except Exception as error:  # noqa: BLE001 - whatever goes wrong with one question is its answer
            said = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path, metavar="ARTICLES", help="file or folder of articles")
    parser.add_argument("--hits", type=int, default=3, metavar="NUMBER", help="passages that it is given (default 3)")
    try:
        main(parser.parse_args())
    except FootnoteError as error:
        sys.exit(str(error))
