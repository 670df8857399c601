"""A cross-encoder puts the first hits into its own order; what is none is refused with a reason."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from index.errors import ModelUnusable
from index.models.reranking import Reranker, reranked
from index.records import ArticleInfo, Hit, Passage

if TYPE_CHECKING:
    from transformers import BertConfig, PreTrainedTokenizerFast

QUESTION = "who signed the agreement"
TEXTS = ["rain fell", "the board signed the agreement", "the sun came out", "who knows", "the agreement was off"]


def tiny_config(labels: int = 1) -> "BertConfig":
    from transformers import BertConfig

    return BertConfig(
        vocab_size=64,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        id2label={number: str(number) for number in range(labels)},
    )


def tokenizer() -> "PreTrainedTokenizerFast":
    from transformers import PreTrainedTokenizerFast

    words = sorted({word for text in [QUESTION, *TEXTS] for word in text.split()})
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    made = Tokenizer(models.WordLevel({name: number for number, name in enumerate(names)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=made,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=64,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-encoder with random weights."""
    import torch
    from transformers import BertForSequenceClassification

    torch.manual_seed(7)
    folder = tmp_path_factory.mktemp("cross-encoder")
    BertForSequenceClassification(tiny_config()).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def hits(texts: Sequence[str]) -> list[Hit]:
    info = ArticleInfo(id="a", version="v", title="T")
    passages = [Passage(f"a-{n}", info, n, 0, len(text), text, ()) for n, text in enumerate(texts)]
    return [Hit(passage, 1 - passage.ordinal / 10, 0.5, 1.0) for passage in passages]


def test_the_first_hits_come_in_the_models_order_and_the_others_stay(folder: Path) -> None:
    from sentence_transformers import CrossEncoder

    before = hits(TEXTS)
    by_model = CrossEncoder(str(folder)).predict([(QUESTION, f"T\n{text}") for text in TEXTS[:4]])
    wanted = sorted(range(4), key=lambda at: -by_model[at])
    assert wanted != [0, 1, 2, 3], "the model must change something, or this shows nothing"
    after = reranked(Reranker(str(folder)), QUESTION, before, first=4)
    assert [hit.passage.ordinal for hit in after] == [*wanted, 4]
    assert [hit.score for hit in after] == [hit.score for hit in before]


def test_without_a_reranker_or_hits_nothing_changes(folder: Path) -> None:
    before = hits(TEXTS)
    assert reranked(None, QUESTION, before, first=4) == tuple(before)
    assert reranked(Reranker(str(folder)), QUESTION, [], first=4) == ()


def test_the_model_is_loaded_with_the_first_question(tmp_path: Path) -> None:
    missing = Reranker(str(tmp_path / "nowhere"))
    with pytest.raises(ModelUnusable, match=r"nowhere.*FOOTNOTE_RERANKER"):
        missing.scores(QUESTION, TEXTS)


def test_a_model_without_a_head_is_refused(tmp_path: Path) -> None:
    from transformers import BertModel

    BertModel(tiny_config()).save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    with pytest.raises(ModelUnusable, match="no cross-encoder but BertModel"):
        Reranker(str(tmp_path)).load()


def test_a_model_with_several_scores_is_refused(tmp_path: Path) -> None:
    from transformers import BertForSequenceClassification

    BertForSequenceClassification(tiny_config(labels=3)).save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    with pytest.raises(ModelUnusable, match="3 scores"):
        Reranker(str(tmp_path)).load()


def test_hits_are_not_changed_in_place(folder: Path) -> None:
    before = hits(TEXTS)
    copies = [replace(hit) for hit in before]
    reranked(Reranker(str(folder)), QUESTION, before, first=5)
    assert before == copies
