"""An open index belongs to one model and one way of cutting, and says so when it is asked with another."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.errors import IndexEmpty, IndexMismatch
from index.ingest.pruning import Pruning
from index.ingest.sync import delete, sync
from index.models.embedding import Embedder, Vectors
from index.records import EVERYTHING, Filters
from index.retrieval import retrieve
from index.settings import PACKAGED_MODEL, IndexSettings
from index.stores.store import Index, open_index
from tests.servers import BOTH_IN_SOAK

BACKENDS = BOTH_IN_SOAK

OpenedIn = Callable[..., AbstractContextManager[Index]]


class ShortVectors(Embedder):
    """Another model: its vectors are three numbers long."""

    def __init__(self, embedder: Embedder) -> None:
        super().__init__(PACKAGED_MODEL)
        self.__dict__["_model"] = embedder._model
        self.__dict__["fingerprint"] = "another-model"

    @property
    def dimensions(self) -> int:
        return 3

    def _encoded(self, texts: Sequence[str], *, questions: bool) -> Vectors:
        vectors = super()._encoded(texts, questions=questions)[:, :3]
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text)


def test_an_empty_index_answers_with_what_to_do(index: Index, folder: Path) -> None:
    with pytest.raises(IndexEmpty, match=r"Nothing is indexed yet\. Run `footnote index PATH`"):
        index.check()
    with pytest.raises(IndexEmpty):
        retrieve(index, "Anything?", access=EVERYTHING, filters=Filters())
    sync(index, [folder])
    with pytest.raises(IndexEmpty):
        index.check()


def test_an_index_that_was_cut_otherwise_answers_and_takes_nothing_in(
    place: Path, folder: Path, opened_in: OpenedIn
) -> None:
    write(folder, a="It rained.")
    with opened_in(place) as index:
        sync(index, [folder])
        assert index.outdated() is None
    with opened_in(place, passage_tokens=100) as index:
        assert retrieve(index, "Rain?", access=EVERYTHING, filters=Filters()).hits
        for refused in (index.prepare_for_writing, lambda: sync(index, [folder])):
            with pytest.raises(IndexMismatch) as caught:
                refused()
            message = str(caught.value)
            assert (
                f"The index in {place} has to be made again: it was made with all-MiniLM-L6-v2@53aa51172d142c89"
                in message
            )
            assert message.endswith("/100. Run `footnote index --rebuild`.")


def test_an_index_of_a_model_that_is_not_at_hand_cannot_be_asked(
    place: Path, folder: Path, opened_in: OpenedIn, embedder: Embedder
) -> None:
    write(folder, a="It rained.")
    with opened_in(place) as index:
        sync(index, [folder])
        another = replace(index, embedder=ShortVectors(embedder))
        for refused in (
            another.check,
            lambda: retrieve(another, "Rain?", access=EVERYTHING, filters=Filters()),
        ):
            with pytest.raises(IndexMismatch, match=r"that model is not at hand\. Run `footnote index --rebuild`"):
                refused()
        with pytest.raises(IndexMismatch, match="the settings now say another-model sentences-"):
            sync(another, [folder])
        index.check()
        assert retrieve(index, "Rain?", access=EVERYTHING, filters=Filters()).hits


@pytest.mark.in_a_folder
def test_an_index_is_asked_with_the_model_that_it_was_made_with(place: Path, folder: Path, opened_in: OpenedIn) -> None:
    write(folder, a="It rained.")
    with opened_in(place) as index:
        sync(index, [folder])
    with open_index(IndexSettings(_env_file=None, data_dir=place, embed_model="/no/such/model")) as index:
        assert index.embedder.name == "all-MiniLM-L6-v2"
        index.check()
        assert "the settings now say /no/such/model" in (index.outdated() or "")


def test_a_dry_run_on_another_models_index_changes_nothing(place: Path, folder: Path, opened_in: OpenedIn) -> None:
    write(folder, a="It rained.")
    with opened_in(place) as index:
        sync(index, [folder])
        fingerprint = index.catalog.fact("fingerprint")
    with opened_in(place, passage_tokens=100) as index:
        sync(index, [folder], dry_run=True)
        assert index.catalog.fact("fingerprint") == fingerprint


def test_an_index_that_was_emptied_can_be_claimed_by_another_model(
    index: Index, folder: Path, embedder: Embedder
) -> None:
    write(folder, a="It rained.", b="It shone.")
    sync(index, [folder])
    delete(index, ["a", "b"])
    another = replace(index, embedder=ShortVectors(embedder))
    assert sync(another, [folder]).added == 2
    another.check()
    assert another.vectors.count() == 2
    with pytest.raises(IndexMismatch):
        index.check()


def test_the_settings_that_only_concern_reading_may_change(place: Path, folder: Path, opened_in: OpenedIn) -> None:
    write(folder, a="It rained.")
    with opened_in(place) as index:
        sync(index, [folder])
    with opened_in(place, fusion="dense", keep_versions_days=1, max_article_bytes=10) as index:
        index.check()
        assert sync(index, [folder], pruning=Pruning(enabled=True)).unchanged == 1


def test_what_was_indexed_is_there_after_opening_again(place: Path, folder: Path, opened_in: OpenedIn) -> None:
    write(folder, a="It rained in Rome.", b="The bank raised its rate.")
    with opened_in(place) as index:
        sync(index, [folder])
    with opened_in(place) as index:
        (hit, _) = retrieve(index, "Where did it rain?", access=EVERYTHING, filters=Filters()).hits
        assert hit.passage.text == "It rained in Rome."


def test_opening_makes_the_folder_and_loads_no_model(tmp_path: Path) -> None:
    settings = IndexSettings(_env_file=None, data_dir=tmp_path / "new" / "data", embed_model="/no/such/model")
    with open_index(settings) as index:
        assert index.catalog.count(EVERYTHING) == 0
        assert index.fingerprint.startswith("/no/such/model sentences-")
    assert (tmp_path / "new" / "data" / "index" / "catalog.sqlite").is_file()


def test_the_packaged_model_is_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("EMBED_MODEL", "PASSAGE_TOKENS", "KEEP_VERSIONS_DAYS", "FUSION", "DATA_DIR"):
        monkeypatch.delenv(f"FOOTNOTE_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    settings = IndexSettings()
    assert (settings.embed_model, settings.passage_tokens) == (PACKAGED_MODEL, 200)
    assert (settings.keep_versions_days, settings.fusion, settings.data_dir) == (30, "fused", Path("data"))
    assert settings.max_article_bytes == 5_000_000
