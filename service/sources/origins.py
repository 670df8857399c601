"""Where articles come from, and reading them again."""

from collections.abc import Sequence
from dataclasses import dataclass

from index.ingest.upkeep import update
from index.records import Access
from index.sources.entries import file_of
from index.sources.source_types import has_owner
from index.stores.live import LiveIndex
from service.schemas.maintenance import FailedPath
from service.schemas.uploads import OriginPassage, OriginResponse, ReindexResponse
from service.settings import Settings
from service.sources.syncing import Sources

_MOST_PASSAGES = 2_000


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins of the articles of an open index."""

    live: LiveIndex
    settings: Settings

    def origin(self, article_id: str, access: Access) -> OriginResponse:
        """Return where an article comes from, with its first passages. Raises ArticleUnknown or ArticleDeleted."""
        with self.live.pinned() as index:
            info, _ = index.catalog.article(article_id, access)
            origin = index.catalog.origins([article_id])[article_id]
            passages = index.catalog.passages_of_article(article_id, limit=_MOST_PASSAGES)
        last = Sources(self.live, self.settings).last_syncs().get(origin.source)
        return OriginResponse(
            article_id=article_id,
            source=origin.source,
            path=origin.path,
            groups=None if info.groups is None else sorted(info.groups),
            collections=sorted(info.collections),
            indexed=origin.indexed,
            last_seen=last.finished if last and not last.error else None,
            passages=[
                OriginPassage(
                    id=one.id,
                    start=one.start,
                    end=one.end,
                    above=[*one.context.headings, *one.context.introductions],
                    text=one.text,
                )
                for one in passages
            ],
        )

    def reindex(self, article_ids: Sequence[str]) -> ReindexResponse:
        """Read the files and pages of these articles again, with the sources that they belong to.

        Raises ArticleUnknown if one does not exist, and WrongUsage if its source is not there any more.
        """
        with self.live.pinned() as index:
            origins = index.catalog.origins(article_ids)
            index.catalog.forget_tokens(article_ids)
        files = {file_of(origin.path) for origin in origins.values()}
        changed, failed = 0, []
        for source in dict.fromkeys(origin.source for origin in origins.values()):
            counts, problems = self._read_again(source)
            changed += counts
            failed += [one for one in problems if file_of(one.path) in files or one.path == source]
        return ReindexResponse(changed=changed, failed=failed)

    def _read_again(self, source: str) -> tuple[int, list[FailedPath]]:
        if has_owner(source):
            (record,) = Sources(self.live, self.settings).sync([source])
            counts = record.counts
            problems = [*record.problems]
            whole = [FailedPath(path=source, error=record.error)] if record.error else []
            listed = [FailedPath(path=one.path, error=one.error) for one in problems if one.error != record.error]
            return counts.get("added", 0) + counts.get("updated", 0), [*whole, *listed]
        report = update(self.live, [source]).report
        return report.added + report.updated, [FailedPath(path=one.path, error=one.error) for one in report.failed]
