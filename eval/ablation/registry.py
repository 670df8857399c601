"""Everything of an answer that can be taken away, by name. A test keeps the names true.

What a weight is worth is measured with the others as they are; `python -m eval.fitting fit --drop` fits the others again.
"""

from eval.ablation.changes import Ablation, Replace, Set, returning, without_feature, without_weight
from service.answer.evidence import READER_WEIGHTS
from service.answer.refusal import READER_REFUSAL

# The means over questions about a handbook.
_TYPICAL = {"evidence": 0.0, "cosine": 0.6}

_SEARCHING = (
    Ablation("words", "ranking by meaning alone", (Set("fusion", "dense"),)),
    Ablation("meaning", "ranking by words alone", (Set("fusion", "lexical"),)),
    Ablation("time", "no preference for the time that is asked about", (Set("time_preference", False),)),
    Ablation(
        "publishers",
        "publishers that are named are not searched apart",
        (returning("service.answer.text.publishers:publishers_named", ()),),
    ),
    Ablation(
        "parts",
        "two questions in one are asked as one",
        (Replace("service.answer.text.parts:parts_of", lambda old: lambda question: (question,)),),
    ),
    Ablation(
        "comparisons",
        "the things compared are not searched apart",
        (returning("service.answer.text.parts:compared", ()),),
    ),
    Ablation(
        "spelling", "misspelt words stay as they are", (returning("service.answer.text.spelling:respelled", None),)
    ),
    Ablation(
        "history",
        "follow-ups are searched for without what was asked before",
        (returning("service.answer.analysis:_asked_before", None),),
    ),
)

_READING = (
    Ablation("reader", "no reading model", (Set("reader", "none"),)),
    Ablation(
        "headings above",
        "passages are read under their title alone",
        (Replace("index.ingest.outline:path_of", lambda old: lambda title, context: title),),
    ),
    Ablation(
        "whole amounts",
        "a short answer may be a part of an amount or a day",
        (Replace("service.answer.evidence:_with_whole_values", lambda old: lambda one, stretch: stretch),),
    ),
    *(
        Ablation(
            f"sentence: {name}",
            "it is taken to be the same for all sentences of a question",
            (Replace("service.answer.evidence:read_evidence", without_feature(name)),),
        )
        for name, weight in READER_WEIGHTS.items()
        if weight and name != "intercept"
    ),
)

_DECIDING = (
    Ablation("refusals", "everything is answered", (Set("refusals", False),)),
    Ablation(
        "language",
        "questions in other languages are answered",
        (returning("service.answer.languages:unread_language", None),),
    ),
    *(
        Ablation(
            f"refusal: {name}",
            "it is taken to be the same for all questions",
            (without_weight("service.answer.refusal:READER_REFUSAL", name, typical=_TYPICAL.get(name, 0.0)),),
        )
        for name, weight in READER_REFUSAL.items()
        if weight and name != "intercept"
    ),
)

_SHOWING = (
    Ablation(
        "further sentences", "the best sentence alone", (Replace("service.answer.extractive:BELONGS", lambda old: 2.0),)
    ),
    Ablation("lists", "lists are not shown whole", (returning("service.answer.lists:whole_list", None),)),
    Ablation(
        "sentence before",
        "a sentence that needs the one before it is shown alone",
        (returning("service.answer.text.references:needs_previous_sentence", False),),
    ),
    Ablation(
        "other values",
        "other values of other articles are not shown",
        (returning("service.answer.extractive:_contradicts", False),),
    ),
    Ablation(
        "same value",
        "other articles that give the same value are not cited",
        (returning("service.answer.extractive:_supports", False),),
    ),
    Ablation(
        "other times",
        "sentences of another time than was asked about are shown, too",
        (returning("service.answer.extractive:_of_another_time", False),),
    ),
    Ablation(
        "order",
        "sentences come by their scores",
        (Replace("service.answer.extractive:_in_order", lambda old: list),),
    ),
)

ABLATIONS: tuple[Ablation, ...] = (*_SEARCHING, *_READING, *_DECIDING, *_SHOWING)

BY_NAME = {ablation.name: ablation for ablation in ABLATIONS}
