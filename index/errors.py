"""Everything that can go wrong on purpose. Each error says what was wrong, where, and what to do next.

The edges map these: the command line to a message and an exit code, HTTP to problem details. Inside, they are raised
and never caught to be ignored.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.stores.ownership import Owner


class FootnoteError(Exception):
    """Base of all errors that a person can act on."""


class ArticleError(FootnoteError):
    """One article cannot be read. The others go in without it."""


class AccessUnclear(ArticleError):
    """What an article says of who may read it cannot be understood. An older version of it is closed until it can."""


class IndexingStopped(FootnoteError):
    """Indexing was told to stop before its end. What was indexed until then is kept."""


class WrongUsage(FootnoteError):
    """The request itself makes no sense: an unknown path, a negative limit."""


class QuestionError(FootnoteError):
    """The question is empty, too long, or not text."""


class QuestionTooLong(QuestionError):
    """The question, or what was said before it, has more characters than the settings allow."""


class IndexEmpty(FootnoteError):
    """Nothing has been indexed yet, so nothing can be asked."""


class IndexMismatch(FootnoteError):
    """The index was made by another embedding model or another way of cutting passages."""


class IndexDamaged(FootnoteError):
    """A store of the index, or the database of conversations and keys, cannot be read, or has lost what it held."""


class ModelUnusable(FootnoteError):
    """A model cannot be found, or its weights are not the ones expected."""


class LanguageModelFailed(FootnoteError):
    """The language model gave no answer that can be used, and the settings forbid to quote the articles instead."""


class WorkEnded(FootnoteError):
    """The work on a question was ended before there was an answer. Base of the three that follow."""


class TookTooLong(WorkEnded):
    """The question was not answered within the time that one may take."""


class ServiceStopping(WorkEnded):
    """The service was told to stop, and could not answer this any more."""


class AskerGone(WorkEnded):
    """Nobody waits for the answer any more."""


class DataFolderOwned(FootnoteError):
    """Another process owns the data folder. `owner` is who (`index.stores.ownership.Owner`), where it could be told."""

    def __init__(self, message: str, *, owner: "Owner | None" = None) -> None:
        super().__init__(message)
        self.owner = owner


class DataFolderUnusable(FootnoteError):
    """The data folder cannot be written: its permissions, or a full disk."""


class ServiceFailed(FootnoteError):
    """The service that owns the data folder could not be reached, or answered with an error of its own."""


class ArticleUnknown(FootnoteError):
    """No such article for this person: it does not exist, or they may not read it."""


class ArticleDeleted(FootnoteError):
    """The article existed and was deleted."""


class NotInHistory(FootnoteError):
    """No such conversation or answer for this person: never kept, deleted, expired, or somebody else's."""
