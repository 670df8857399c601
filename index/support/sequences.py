"""Sentences with text to the sequences that the support model reads, and to what it learns from them."""

from index.reader.groups import Item, LabelledSentence
from index.reader.tokens import WordPieces
from index.support.examples import Example


def item_of(example: Example, pieces: WordPieces) -> Item:
    """Return what is learnt from an example: whether the text supports the sentence, and which of its sentences do."""
    claim, title, *sentences = pieces.of([example.claim, example.title, *example.sentences])
    room = pieces.room(claim, title)
    ids: list[int] = []
    labelled = []
    for at, sentence in enumerate(sentences):
        kept = sentence.ids[: room - len(ids)]
        if example.holding is not None and kept:
            labelled.append(LabelledSentence(len(ids), len(ids) + len(kept) - 1, example.holding[at]))
        ids.extend(kept)
    sequence = pieces.sequenced(claim, title, ids)
    moved = tuple(
        LabelledSentence(sequence.passage_at + first, sequence.passage_at + last, belongs)
        for first, last, belongs in labelled
    )
    return Item(sequence, (), (), rival=False, sentences=moved, stretch_known=False, known=example.supported)
