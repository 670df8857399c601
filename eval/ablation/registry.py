"""Everything of an answer that can be taken away, by name. A test keeps the names true."""

from eval.ablation.changes import Ablation, Set, without_weight

_REFUSAL = "service.answer.refusal:READER_REFUSAL"

ABLATIONS: tuple[Ablation, ...] = (
    Ablation("words", "ranking by meaning alone", (Set("fusion", "dense"),)),
    Ablation("meaning", "ranking by words alone", (Set("fusion", "lexical"),)),
    Ablation("reader", "no reading model", (Set("reader", "none"),)),
    Ablation("time", "no preference for the time that is asked about", (Set("time_preference", False),)),
    Ablation("names", "names that the evidence lacks count nothing", (without_weight(_REFUSAL, "names_missing"),)),
)

BY_NAME = {ablation.name: ablation for ablation in ABLATIONS}
