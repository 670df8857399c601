"""An index made by Ray's workers is the one that this process makes, and says the same of files that cannot be read."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from importlib import util
from pathlib import Path
from queue import Queue
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from index.errors import ClusterUnavailable, WrongUsage
from index.ingest.on_ray import POOL, OnRay, agreed_precision
from index.ingest.pruning import Pruning
from index.ingest.ray_pool import About, Worker
from index.ingest.rebuild import rebuild
from index.ingest.run_control import RunControl
from index.ingest.sync import sync
from index.ingest.sync_report import SyncReport
from index.records import EVERYTHING, Filters
from index.retrieval import retrieve
from index.settings import IndexSettings
from index.sources.source_types import Failed, Limits, NamedSource, Source
from index.sources.taking import Taking
from index.stores.live import LiveIndex
from index.stores.store import Index, open_index
from tests.cli_fixtures import Run, footnote_process, one_line
from tests.pdf_files import drawn
from tests.ray_fixtures import RAY_WARNINGS, needs_ray

pytestmark = [needs_ray, *map(pytest.mark.filterwarnings, RAY_WARNINGS)]

QUESTIONS = ["Where did it rain?", "Who counts the boats?", "What does the survey say?"]
Opened = Callable[..., AbstractContextManager[Index]]


@pytest.fixture
def opened(place: Path) -> Opened:
    """Open an index with one worker of Ray, or with `ingest="local"`. No vector is remembered from one to the next."""

    def opened(name: str, **settings: object) -> AbstractContextManager[Index]:
        chosen = {"ingest": "ray", "ingest_workers": 1} | settings
        return open_index(IndexSettings(_env_file=None, data_dir=place / name, **chosen))  # type: ignore[arg-type]

    return opened


@pytest.fixture
def articles(folder: Path) -> Path:
    """Files of several types, one of each that cannot be read, and one that reads itself as text of several articles."""
    (folder / "rain.md").write_text("---\ntitle: Weather\ngroups: [crew]\n---\n# Rome\n\nIt rained in Rome. " * 3)
    (folder / "boats.txt").write_text("The harbour office counts the boats. " * 40)
    (folder / "survey.html").write_text(
        "<title>Survey</title><p>The survey says: 12 boats.</p><table><tr><td>1</table>"
    )
    (folder / "lines.jsonl").write_text('{"id": "one", "text": "One boat left."}\n{"id": "two", "text": 2}\n')
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing of the kind")
    (folder / "latin.md").write_bytes(b"---\ngroups: [crew\n---\nWho may read this?")
    (folder / "empty.md").write_text("")
    (folder / "picture.xyz").write_text("of an unknown type")
    (folder / "broken-link.md").symlink_to(folder / "gone.md")
    return folder


def same(one: SyncReport) -> SyncReport:
    return replace(one, seconds=0.0)


def assert_equal(ours: Index, theirs: Index) -> None:
    """The same articles, passages, vectors to the last bit, and answers with the same scores."""
    assert ours.catalog.entries() == theirs.catalog.entries()
    keys = [entry.key for entry in theirs.catalog.entries().values()]
    assert ours.catalog.contents_of(keys) == theirs.catalog.contents_of(keys)
    ids = sorted(theirs.vectors.ids())
    assert sorted(ours.vectors.ids()) == ids
    mine, others = ours.vectors.get(ids), theirs.vectors.get(ids)
    assert all(np.array_equal(mine[one], others[one]) for one in ids)
    for question in QUESTIONS:
        found, wanted = (
            retrieve(index, question, access=EVERYTHING, filters=Filters(), count=10).hits for index in (ours, theirs)
        )
        assert wanted
        assert found == wanted


@pytest.mark.usefixtures("one_worker")
def test_an_index_made_on_ray_is_the_same(opened: Opened, articles: Path) -> None:
    with opened("ray") as ours, opened("local", ingest="local") as theirs:
        reports = [sync(index, [articles]) for index in (ours, theirs)]
        assert same(reports[0]) == same(reports[1])
        assert reports[0].added >= 4
        assert {Path(one.path).name for one in reports[0].failed} >= {"broken.pdf", "latin.md", "broken-link.md"}
        assert_equal(ours, theirs)
        (articles / "boats.txt").write_text("The harbour office counts no boats any more.")
        (articles / "survey.html").unlink()
        reports = [sync(index, [articles], pruning=Pruning(enabled=True, limit=1)) for index in (ours, theirs)]
        assert same(reports[0]) == same(reports[1])
        assert (reports[0].updated, reports[0].deleted) == (1, 1)
        assert_equal(ours, theirs)


@pytest.fixture
def worker_elsewhere(one_worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that takes itself for one on another machine."""
    import ray

    worker = ray.remote(Worker).options(num_cpus=0).remote("another node")
    free: Queue[object] = Queue()
    free.put(worker)
    monkeypatch.setattr(POOL, "workers", [worker])
    monkeypatch.setattr(POOL, "free", free)


@pytest.mark.soak
@pytest.mark.usefixtures("worker_elsewhere")
def test_another_machine_reads_the_same_and_says_what_it_does_not_have(
    opened: Opened, articles: Path, place: Path
) -> None:
    (articles / "plan.pdf").write_bytes(drawn((72, 700, "The plan says that the harbour closes.")))
    with opened("ray") as ours, opened("local", ingest="local") as theirs:
        assert same(sync(ours, [articles])) == same(sync(theirs, [articles]))
        assert_equal(ours, theirs)
        assert ours.catalog.entries()["plan"].info.original is not None
        (copy,) = (place / "ray" / "originals").iterdir()
        assert copy.read_bytes() == (articles / "plan.pdf").read_bytes()
        with OnRay(ours, RunControl()) as workers:
            (failed,) = workers.read([articles / "only-here.md"], Source(articles), Limits())
    assert isinstance(failed, Failed)
    assert "is not on the node" in failed.error
    assert failed.error.endswith("Every node needs the folder, under the same path.")


@pytest.mark.usefixtures("one_worker")
def test_a_named_source_is_read_on_ray_with_its_rules(opened: Opened, articles: Path) -> None:
    taking = Taking(include=("*.md", "*.txt"), exclude=("broken*",), groups=frozenset({"crew", "office"}))
    source = NamedSource("harbour", Source(articles), taking)
    with opened("ray") as ours, opened("local", ingest="local") as theirs:
        assert same(sync(ours, [source])) == same(sync(theirs, [source]))
        assert ours.catalog.entries()["boats"].info.groups == frozenset({"crew", "office"})
        assert_equal(ours, theirs)


@pytest.mark.usefixtures("one_worker")
def test_a_text_that_was_embedded_before_is_not_sent_again(
    opened: Opened, articles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    embed = OnRay._vectors

    def counted(self: OnRay, settings: IndexSettings, texts: list[str]) -> object:
        sent.extend(texts)
        return embed(self, settings, texts)

    monkeypatch.setattr(OnRay, "_vectors", counted)
    with opened("ray") as index:
        sync(index, [articles / "boats.txt"])
        assert sent
        sent.clear()
        text = (articles / "boats.txt").read_text()
        (articles / "boats.txt").write_text(text + "\n\nNobody counts the oars.")
        assert sync(index, [articles / "boats.txt"]).updated == 1
        assert len(sent) == 1
        assert sent[0].endswith("Nobody counts the oars.")


@pytest.mark.usefixtures("one_worker")
def test_an_index_is_made_again_on_ray(opened: Opened, articles: Path) -> None:
    with opened("local", ingest="local") as theirs, opened("ray", ingest="local") as before:
        sync(theirs, [articles])
        sync(before, [articles])
        live = LiveIndex(replace(before, settings=before.settings.model_copy(update={"ingest": "ray"})))
        rebuild(live)
        assert_equal(live.current, theirs)
        live.current.close()


@pytest.mark.usefixtures("one_worker")
def test_workers_get_no_secret_and_no_address_of_a_database(opened: Opened) -> None:
    private = {name for name, field in IndexSettings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert len(private) >= 4
    given = {name: {"X": SecretStr("hidden")} if name == "chroma_headers" else SecretStr("hidden") for name in private}
    with opened("ray") as index:
        index = replace(index, settings=index.settings.model_copy(update=given | {"chroma_url": "http://hidden"}))
        with OnRay(index, RunControl()) as workers:
            sent = workers._settings()
        assert sent.embed_model == index.settings.embed_model
        assert not [name for name in (*private, "chroma_url") if getattr(sent, name)]


@pytest.mark.usefixtures("one_worker")
def test_another_model_on_a_worker_is_refused(opened: Opened, articles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened("ray") as index:
        monkeypatch.setitem(index.embedder.__dict__, "fingerprint", "all-MiniLM-L6-v2@another")
        with pytest.raises(ClusterUnavailable, match="other files of the embedding model"):
            sync(index, [articles])


def test_processors_that_differ_compute_in_float32() -> None:
    one, other = About("1", "model", "bfloat16"), About("1", "model", "float32")
    assert agreed_precision([one, one]) == "bfloat16"
    assert agreed_precision([one, other]) == "float32"


@pytest.mark.usefixtures("one_worker")
def test_the_command_indexes_on_ray_and_says_so(footnote: Run, articles: Path) -> None:
    ray = {"ingest": "ray", "ingest_workers": 1}
    report = footnote("index", articles, "--json", **ray).json
    assert report["added"] >= 4
    assert report["failed"]
    assert "by Ray on this machine (1 workers)" in footnote("status", **ray).out
    assert footnote("status", "--json").json["ingest"] is None


@pytest.mark.usefixtures("one_worker")
def test_other_users_reach_no_file_of_ray() -> None:
    import ray

    node: Any = ray._private.worker._global_node
    session = Path(node.get_session_dir_path())
    own = next(folder for folder in session.parents if folder.parent == Path("/tmp"))
    assert own.name.startswith("footnote-ray-")
    assert own.stat().st_mode & 0o777 == 0o700


def test_a_cluster_that_is_not_there_is_named(articles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")
    ran = footnote_process(tmp_path / "data", "index", articles, ingest="ray")
    assert ran.code == 1
    assert (
        "Ray cannot be used at '127.0.0.1:9' ([Errno 111] Connection refused). Correct RAY_ADDRESS or RAY_AUTH_TOKEN"
        in one_line(ran)
    )


def test_without_ray_the_error_says_what_to_install(
    opened: Opened, articles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.ingest.on_ray.find_spec", lambda name: None if name == "ray" else util.find_spec(name))
    with opened("ray") as index, pytest.raises(WrongUsage, match=r"FOOTNOTE_INGEST=ray needs Ray. Run: .*\[scale\]"):
        sync(index, [articles])
