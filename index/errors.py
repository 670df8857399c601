"""The errors of Footnote. Each message says what was wrong, where, and what to do next.

The command line maps them to a message and an exit code, HTTP maps them to problem details. They are never caught only to be
ignored.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.stores.ownership import Owner


class FootnoteError(Exception):
    """Base of all errors that a person can act on."""


class ArticleError(FootnoteError):
    """One article cannot be read. The others are indexed without it."""


class AccessUnclear(ArticleError):
    """It is unclear who may read an article. Nobody may read its older version until that is clear."""


class IndexingStopped(FootnoteError):
    """Indexing was stopped before its end. What was indexed until then is kept."""


class WrongUsage(FootnoteError):
    """The request itself makes no sense: an unknown path, a negative limit."""


class QuestionError(FootnoteError):
    """The question is empty, too long, or not text."""


class QuestionTooLong(QuestionError):
    """The question, or what was said before it, has more characters than the settings allow."""


class IndexEmpty(FootnoteError):
    """Nothing has been indexed yet, so nothing can be asked."""


class IndexMismatch(FootnoteError):
    """The index was made with another embedding model, another way of cutting passages, or by a newer version of Footnote."""


class IndexDamaged(FootnoteError):
    """A store of the index, or the database of conversations and keys, cannot be read or has lost data."""


class ModelUnusable(FootnoteError):
    """A model cannot be found, or its weights are not the ones expected."""


class LanguageModelFailed(FootnoteError):
    """The language model gave no usable answer, and the settings forbid quoting the articles instead."""


class WorkEnded(FootnoteError):
    """The work on a question was ended before there was an answer. Base of the next three errors."""


class TookTooLong(WorkEnded):
    """The question was not answered within the allowed time."""


class ServiceStopping(WorkEnded):
    """The service is stopping and could not answer the question in time."""


class AskerGone(WorkEnded):
    """The client disconnected, so nobody waits for the answer any more."""


class DataFolderOwned(FootnoteError):
    """Another process owns the data folder. `owner` is that process (`index.stores.ownership.Owner`), if it is known."""

    def __init__(self, message: str, *, owner: "Owner | None" = None) -> None:
        super().__init__(message)
        self.owner = owner


class DataFolderUnusable(FootnoteError):
    """The data folder cannot be written: its permissions, or a full disk."""


class StoreUnavailable(FootnoteError):
    """The PostgreSQL database or the Chroma server cannot be reached or used."""


class ClusterUnavailable(FootnoteError):
    """The Ray cluster cannot be reached, has no room, or cannot run this Footnote."""


class IndexBusy(FootnoteError):
    """Another process changes the index in the shared database, and did not finish in time."""


class SearchUnderWay(FootnoteError):
    """Another search for conflicts is under way in this process: one is made at a time."""


class ServiceFailed(FootnoteError):
    """The service that owns the data folder could not be reached, or answered with an error of its own."""


class ArticleUnknown(FootnoteError):
    """No such article for this person: it does not exist, or they may not read it."""


class OriginalMissing(FootnoteError):
    """The file that an article was read from cannot be shown: it is of another version, or no copy of it is kept."""


class ScopeUnknown(FootnoteError):
    """No such scope for this person: none of this name, or none of its articles may be read."""


class ArticleDeleted(FootnoteError):
    """The article existed and was deleted."""


class NotInHistory(FootnoteError):
    """No such conversation or answer for this person: never stored, deleted, expired, or someone else's."""
