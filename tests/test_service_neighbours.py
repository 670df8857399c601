"""A passage that starts in mid-thought is read with the sentence before, and stays a stretch of its article."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from index.ingest.sync import sync
from index.records import EVERYTHING, Filters
from index.retrieval import retrieve
from index.stores.store import Index
from service.answer.retrieval.neighbours import joined

OpenedIn = Callable[..., AbstractContextManager[Index]]

FIRST = "Tessel opened a plant for chips in the harbour of Lissen after four years of work on the site."
LEANING = "It also plans a second plant for chips in the hills of Orrin, with room for nine hundred workers."


def test_a_passage_that_leans_back_takes_the_sentence_before_along(place: Path, opened_in: OpenedIn) -> None:
    text = f"{FIRST} {LEANING}"
    with opened_in(place / "data", passage_tokens=24) as index:
        (place / "plant.txt").write_text(text)
        assert sync(index, [place / "plant.txt"]).added == 1
        hits = retrieve(index, "second plant in Orrin", access=EVERYTHING, filters=Filters()).hits
        assert {hit.passage.text for hit in hits} >= {FIRST, LEANING}
        after = {hit.passage.id: hit.passage for hit in joined(index, hits)}
        for hit in hits:
            passage = after[hit.passage.id]
            assert text[passage.start : passage.end] == passage.text
            assert passage.words_of(passage.sentences[-1]) == hit.passage.words_of(hit.passage.sentences[-1])
            assert passage.text.startswith(FIRST) == (hit.passage.text in (FIRST, LEANING))
