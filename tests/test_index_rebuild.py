"""An index is made again beside the old one: answers go on, nothing is lost, and a crash leaves one of the two whole."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest

from index.errors import ArticleDeleted, IndexDamaged
from index.ingest.chunking import CHUNKING
from index.ingest.rebuild import rebuild
from index.ingest.sync import delete, sync
from index.ingest.upkeep import delete_articles, rebuild_all, update
from index.models.embedding import Embedder
from index.models.sentence_vectors import SentenceVectors
from index.records import EVERYTHING, Filters
from index.retrieval import retrieve
from index.settings import IndexSettings
from index.stores import generations
from index.stores.catalog import Catalog
from index.stores.live import LiveIndex
from index.stores.store import Index, opened
from tests.servers import BOTH_IN_SOAK, SettingsOf
from tests.test_index_store import ShortVectors

BACKENDS = BOTH_IN_SOAK


class Contents(Protocol):
    @property
    def agree(self) -> bool: ...


ContentsOf = Callable[[Index], Contents]

TEXTS = {
    "rome": "It rained in Rome all day. " * 30,
    "bank": "The bank raised its rate.",
    "copy": "The bank raised its rate.",
}


class CutOff(BaseException):
    """What a killed process would not even raise."""


@pytest.fixture
def live_in(remembering: Embedder, backend: SettingsOf) -> Callable[..., Any]:
    @contextmanager
    def live_in(data_dir: Path, model: Embedder = remembering, **settings: Any) -> Iterator[LiveIndex]:
        index = opened(IndexSettings(_env_file=None, data_dir=data_dir, **backend(data_dir), **settings))
        with closing(LiveIndex(replace(index, embedder=model, sentence_vectors=SentenceVectors(model)))) as live:
            yield live

    return live_in


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / f"{name}.md").write_text(text)
    return folder


def hits(index: Index, question: str = "Where did it rain?") -> list[tuple[str, str]]:
    found = retrieve(index, question, access=EVERYTHING, filters=Filters()).hits
    return [(hit.passage.article.id, hit.passage.text) for hit in found]


def folders(live: LiveIndex) -> list[str]:
    """Return the names of the folders of all generations. On servers they hold the words only."""
    return folders_in(live.current.backend.root)


def folders_in(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir() if path.is_dir())


@pytest.mark.parametrize("copying", [False, True])
def test_a_rebuild_keeps_all_that_the_catalogue_knows(
    place: Path, folder: Path, live_in: Callable[..., Any], contents_of: ContentsOf, copying: bool
) -> None:
    with live_in(place) as live:
        update(live, [folder])
        (folder / "rome.md").write_text("It snowed in Rome.")
        old_version = live.current.catalog.entries()["rome"].info.version
        update(live, [folder])
        delete_articles(live, ["copy"])
        entries, found = live.current.catalog.entries(), hits(live.current)
        rebuild(live, copying=copying)
        index = live.current
        assert (index.catalog.entries(), hits(index)) == (entries, found)
        assert contents_of(index).agree
        assert index.catalog.article("rome", EVERYTHING, version=old_version)[1] == TEXTS["rome"]
        with pytest.raises(ArticleDeleted):
            index.catalog.article("copy", EVERYTHING)
        assert folders(live) == ["index-2"]
    with live_in(place) as live:
        assert hits(live.current) == found
        assert update(live, [folder]).report.added == 1  # the deleted copy, whose file is still there


def test_other_settings_make_the_index_again_and_say_why(
    place: Path, folder: Path, live_in: Callable[..., Any], contents_of: ContentsOf
) -> None:
    with live_in(place) as live:
        assert update(live, [folder]).rebuilt is None
        found = hits(live.current)
    with live_in(place, passage_tokens=20) as live:
        assert hits(live.current) == found
        planned = update(live, [folder], dry_run=True)
        assert planned.rebuilt is not None
        assert f"was made with all-MiniLM-L6-v2@53aa51172d142c89 {CHUNKING}/200" in planned.rebuilt
        assert folders(live) == ["index"]
        done = update(live, [folder])
        assert (done.rebuilt, done.report.unchanged) == (planned.rebuilt, 3)
        assert done.report.passages > 5
        assert contents_of(live.current).agree
        assert update(live, [folder]).rebuilt is None
        assert folders(live) == ["index-2"]


def test_another_model_takes_over_after_the_old_one_answered(
    place: Path, folder: Path, live_in: Callable[..., Any], remembering: Embedder
) -> None:
    with live_in(place) as live:
        update(live, [folder])
    with live_in(place, model=ShortVectors(remembering)) as live:
        assert update(live, [folder]).rebuilt is not None
        index = live.current
        index.check()
        assert {len(vector) for vector in index.vectors.get(index.vectors.ids()).values()} == {3}


def test_questions_and_deletions_go_on_during_a_rebuild(
    place: Path, folder: Path, live_in: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, contents_of: ContentsOf
) -> None:
    with live_in(place) as live:
        update(live, [folder])
        old = live.current
        put = Catalog.put_cuts

        def put_watched(self: Catalog, batch: Any) -> None:
            assert hits(live.current)[0][0] == "rome"
            delete_articles(live, ["rome"])
            assert {article_id for article_id, _ in hits(live.current)} == {"bank"}
            put(self, batch)

        with live.pinned() as pinned:
            with monkeypatch.context() as patch:
                patch.setattr(Catalog, "put_cuts", put_watched)
                rebuild_all(live)
            assert pinned is old
            assert hits(pinned, "What did the bank do?")
            assert folders(live) == ["index", "index-2"]
        assert folders(live) == ["index-2"]
        assert sorted(live.current.catalog.entries()) == ["bank", "copy"]
        assert contents_of(live.current).agree
        with pytest.raises(ArticleDeleted):
            live.current.catalog.article("rome", EVERYTHING)


STEPS = [
    (generations, "make_current"),
    (Catalog, "copy_to"),
    (Catalog, "forget_cuts"),
    (Catalog, "put_cuts"),
    (Index, "record_fingerprint"),
    (LiveIndex, "replace"),
]


@pytest.mark.in_a_folder  # on servers, `test_soak_kill.py` kills a process of its own
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("owner", "step"), STEPS, ids=[step for _, step in STEPS])
def test_a_rebuild_that_is_cut_off_leaves_a_whole_index(
    place: Path, folder: Path, live_in: Callable[..., Any], contents_of: ContentsOf, owner: Any, step: str, when: str
) -> None:
    with live_in(place) as live:
        update(live, [folder])
        found = hits(live.current)
        original = getattr(owner, step)

        def cut_off(*args: Any, **named: Any) -> Any:
            if when == "after":
                original(*args, **named)
            raise CutOff

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(owner, step, cut_off)
            # A killed process tidies nothing up.
            patch.setattr("index.ingest.rebuild.remove", lambda folder: None)
            patch.setattr(generations, "remove", lambda folder: None)
            with pytest.raises(CutOff):
                rebuild_all(live)
    with live_in(place) as live:
        assert len(folders(live)) == 1
        assert hits(live.current) == found
        assert contents_of(live.current).agree
        assert update(live, [folder]).report.unchanged == 3


def test_a_rebuild_that_fails_leaves_no_trace(
    place: Path, folder: Path, live_in: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with live_in(place) as live:
        update(live, [folder])
        monkeypatch.setattr(Catalog, "put_cuts", lambda self, batch: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            rebuild_all(live)
        assert folders(live) == ["index"]
        assert hits(live.current)


def test_many_deletions_make_the_vectors_compact(
    place: Path, folder: Path, live_in: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, embedded: list[str]
) -> None:
    monkeypatch.setattr("index.ingest.upkeep._FEW_DEAD_VECTORS", 3)
    with live_in(place, remembered_embeddings=0) as live:
        update(live, [folder])
        first = live.current
        delete(first, ["rome"])
        embedded.clear()
        update(live, [])
        assert live.current is first  # one vector deleted, or a few: not worth it
        (folder / "rome.md").write_text("It hailed in Rome. " * 400)
        update(live, [folder])
        embedded.clear()
        delete_articles(live, ["rome"])
        assert live.current is not first
        assert embedded == []  # vectors are copied
        assert hits(live.current, "What did the bank do?")


def test_a_question_keeps_its_index_while_others_come_and_go(
    place: Path, folder: Path, live_in: Callable[..., Any]
) -> None:
    with live_in(place) as live:
        update(live, [folder])
        expected = hits(live.current)
        failures: list[BaseException] = []
        stop = threading.Event()

        def ask() -> None:
            try:
                while not stop.is_set():
                    with live.pinned() as index:
                        assert hits(index) == expected
            except BaseException as error:  # noqa: BLE001 - told by the main thread
                failures.append(error)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(4):
            rebuild_all(live)
        stop.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert folders(live) == ["index-5"]


@pytest.mark.in_a_folder
@pytest.mark.parametrize("note", ["index-7", "../elsewhere", "", "index-2\0"])
def test_a_note_that_names_no_index_is_told(place: Path, folder: Path, live_in: Callable[..., Any], note: str) -> None:
    with live_in(place) as live:
        sync(live.current, [folder])
    (place / "index.current").write_text(note)
    with pytest.raises(IndexDamaged, match="names the index folder"), live_in(place):
        pass
    assert folders_in(place) == ["index"]


@pytest.mark.in_a_folder
def test_a_lost_note_loses_no_index(place: Path, folder: Path, live_in: Callable[..., Any]) -> None:
    with live_in(place) as live:
        update(live, [folder])
        rebuild_all(live)
    (place / "index.current").unlink()
    with pytest.raises(IndexDamaged, match=r"is missing, and .* holds index-2"), live_in(place):
        pass
    assert folders_in(place) == ["index-2"]


@pytest.mark.in_a_folder
def test_a_copy_of_the_folder_is_a_backup(place: Path, folder: Path, live_in: Callable[..., Any]) -> None:
    with live_in(place / "data") as live:
        update(live, [folder])
        rebuild_all(live)
        found = hits(live.current)
    shutil.copytree(place / "data", place / "backup")
    with live_in(place / "backup") as live:
        assert hits(live.current) == found
