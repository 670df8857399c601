"""What lexical search is given of each passage, and writing all of it again."""

from collections.abc import Iterator

from index.ingest.chunking import passage_id
from index.ingest.outline import heading_of
from index.ingest.segmentation import display_text
from index.stores.lexical import LexicalEntry
from index.stores.publishing import Prepared
from index.stores.store import Index

# Deleted words count in BM25 until all words are written again. In small indexes that is always done; in larger ones only
# from a share on, as it takes about 1.5 ms a passage of Markdown.
_ALWAYS_EXACT = 1_000
_DEAD = 0.1
_CONTENTS_AT_ONCE = 200


def passages_of(prepared: Prepared) -> Iterator[tuple[str, str, LexicalEntry]]:
    """Yield the heading of each passage of an article, its words, and its entry for lexical search."""
    info, text = prepared.article.info, prepared.article.text
    for cut in prepared.cuts or ():
        words = display_text(text[cut.start : cut.end], info.format)
        heading = heading_of(info.title, cut.context)
        body = "\n".join(filter(None, [heading, info.publisher, words]))
        yield heading, words, LexicalEntry(passage_id(prepared.key, cut.ordinal), prepared.key, body)


def lexical_entries(prepared: Prepared) -> list[LexicalEntry]:
    """Return the passages of an article for lexical search. Needs no model."""
    return [entry for _, _, entry in passages_of(prepared)]


def rewrite_words(index: Index) -> None:
    """Write the words of every passage in use again."""
    contents = (prepared for batch in index.catalog.contents(at_once=_CONTENTS_AT_ONCE) for prepared in batch)
    index.words.rewrite(entry for prepared in contents for entry in lexical_entries(prepared))


def renew_words(index: Index) -> None:
    """Write all words again if so many are dead that BM25 scores differ from those of a new index."""
    dead, alive = index.words.dead(), index.words.count()
    if dead and (alive <= _ALWAYS_EXACT or dead > _DEAD * alive):
        rewrite_words(index)
