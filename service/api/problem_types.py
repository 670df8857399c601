"""The table of errors over HTTP: status, the stable last part of the problem `type`, and title."""

from index.errors import (
    ArticleDeleted,
    ArticleUnknown,
    ClusterUnavailable,
    DataFolderUnusable,
    FootnoteError,
    IndexBusy,
    IndexDamaged,
    IndexEmpty,
    IndexingStopped,
    IndexMismatch,
    LanguageModelFailed,
    ModelUnusable,
    NotInHistory,
    OriginalMissing,
    QuestionError,
    QuestionTooLong,
    ScopeUnknown,
    SearchUnderWay,
    ServiceStopping,
    StoreUnavailable,
    TookTooLong,
    WrongUsage,
)
from service.schemas.api import Problem

PROBLEMS: dict[type[FootnoteError], tuple[int, str, str]] = {
    QuestionTooLong: (422, "question-too-long", "This question is too long"),
    QuestionError: (422, "question-unusable", "This question cannot be asked"),
    IndexEmpty: (409, "index-empty", "Nothing is indexed yet"),
    IndexMismatch: (409, "index-mismatch", "The index was made with other settings"),
    ArticleUnknown: (404, "article-unknown", "There is no such article"),
    OriginalMissing: (404, "original-missing", "The file of this article is not here"),
    ArticleDeleted: (410, "article-deleted", "This article was deleted"),
    ScopeUnknown: (404, "scope-unknown", "There is no such scope"),
    NotInHistory: (404, "not-kept", "Nothing like this is kept"),
    IndexingStopped: (503, "indexing-stopped", "Indexing was told to stop"),
    WrongUsage: (400, "wrong-usage", "The request makes no sense"),
    IndexDamaged: (503, "index-damaged", "The index cannot be read"),
    DataFolderUnusable: (503, "data-folder-unusable", "The data folder cannot be written"),
    StoreUnavailable: (503, "store-unavailable", "The database or the Chroma server cannot be reached"),
    ClusterUnavailable: (503, "cluster-unavailable", "The Ray cluster cannot be used"),
    IndexBusy: (503, "index-busy", "Another process is changing the index"),
    SearchUnderWay: (429, "search-under-way", "Another search is under way"),
    LanguageModelFailed: (502, "language-model-failed", "The language model gave no answer"),
    ModelUnusable: (503, "model-unusable", "A model cannot be used"),
    TookTooLong: (503, "took-too-long", "The question took too long"),
    ServiceStopping: (503, "stopping", "The service is being stopped"),
}
RETRY_SECONDS: dict[type[FootnoteError], int] = {
    TookTooLong: 10,
    ServiceStopping: 10,
    StoreUnavailable: 5,
    IndexBusy: 30,
    SearchUnderWay: 5,
}
"""After how many seconds to try again, for errors that may pass with time."""
# What a FootnoteError of any other class becomes.
OTHER_PROBLEM = (500, "failed", "Footnote could not do this")
UNEXPECTED = Problem(
    type="/problems/internal-error",
    title="Internal error",
    status=500,
    detail="Something went wrong inside Footnote. The log of the service says what.",
)


def problem_of(error: FootnoteError) -> Problem:
    """Return an error as problem details."""
    status, slug, title = next((PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS), OTHER_PROBLEM)
    return Problem(type=f"/problems/{slug}", title=title, status=status, detail=str(error))


def retry_seconds(error: FootnoteError) -> int | None:
    """Return after how many seconds to try again, or None if that does not help."""
    return next((RETRY_SECONDS[kind] for kind in type(error).__mro__ if kind in RETRY_SECONDS), None)
