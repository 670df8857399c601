"""Runs of indexing hold up nobody who deletes or restricts, and end when they are told to."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from index.errors import IndexingStopped
from index.ingest.upkeep import delete_articles, update
from index.records import EVERYTHING, FOR_EVERYONE
from index.stores.live import LiveIndex
from tests.conftest import OpenedIn
from tests.servers import BOTH_IN_SOAK
from tests.service_fixtures import write
from tests.test_index_sources_dawdling import DAWDLERS, dawdling

BACKENDS = BOTH_IN_SOAK


@pytest.fixture
def live(place: Path, opened_in: OpenedIn) -> Iterator[LiveIndex]:
    with opened_in(place / "data", fetch_private=True, fetch_timeout_seconds=600) as index:
        yield LiveIndex(index)


@pytest.mark.timeout(120)
def test_an_address_that_dawdles_holds_up_neither_deleting_nor_restricting(live: LiveIndex, folder: Path) -> None:
    write(folder, {f"{number}.md": f"It rained for {number} hours." for number in range(6)})
    update(live, [folder])
    raised: list[Exception] = []
    with dawdling(DAWDLERS["a head without end"]) as place:

        def fetch() -> None:
            try:
                update(live, [f"http://{place}/"])
            except IndexingStopped as error:
                raised.append(error)

        thread = Thread(target=fetch)
        thread.start()
        while not live.fetching.locked():
            time.sleep(0.01)
        delete_articles(live, ["0"])
        write(folder, {"1.md": "---\ngroups: [board]\n---\nIt rained for 1 hours."})
        update(live, [folder / "1.md"])
        assert live.fetching.locked()
        assert "0" not in live.current.catalog.readable(["0"], EVERYTHING)
        assert live.current.catalog.readable(["1", "2"], FOR_EVERYONE) == {"2"}
        live.control.stop()
        thread.join()
    assert "Stopped." in str(raised[0])
    assert live.current.catalog.readable(["2"], EVERYTHING) == {"2"}


def test_what_is_deleted_while_its_copy_is_prepared_is_cut_again(
    live: LiveIndex, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of an article needs no passages of its own, unless the article goes before the copy is in."""
    from index.ingest import writing

    write(folder, {"a.md": "It rained in Rome."})
    update(live, [folder])
    embedded = writing._embedded

    def deleting(*args: object) -> object:
        result = embedded(*args)  # type: ignore[arg-type]
        delete_articles(live, ["a"])
        return result

    monkeypatch.setattr(writing, "_embedded", deleting)
    write(folder, {"copy.md": "---\ntitle: It rained in Rome.\n---\nIt rained in Rome."})
    update(live, [folder / "copy.md"])
    _, text = live.current.catalog.article("copy", EVERYTHING)
    assert text == "It rained in Rome."
    assert live.current.catalog.count_passages() == live.current.vectors.count() == live.current.words.count() == 1


def test_closing_ends_what_is_being_indexed(place: Path, opened_in: OpenedIn, folder: Path) -> None:
    write(folder, {"a.md": "It rained."})
    with opened_in(place / "other") as index, closing(LiveIndex(index)) as live:
        live.control.stop()
        with pytest.raises(IndexingStopped):
            update(live, [folder])
