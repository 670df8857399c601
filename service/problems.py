"""What each error is over HTTP: its status, the stable end of its problem `type`, and its title."""

from index.errors import (
    ArticleDeleted,
    ArticleUnknown,
    DataFolderUnusable,
    FootnoteError,
    IndexDamaged,
    IndexEmpty,
    IndexMismatch,
    ModelUnusable,
    NotKept,
    QuestionError,
    WrongUsage,
)

PROBLEMS: dict[type[FootnoteError], tuple[int, str, str]] = {
    QuestionError: (422, "question-unusable", "This question cannot be asked"),
    IndexEmpty: (409, "index-empty", "Nothing is indexed yet"),
    IndexMismatch: (409, "index-mismatch", "The index was made with other settings"),
    ArticleUnknown: (404, "article-unknown", "There is no such article"),
    ArticleDeleted: (410, "article-deleted", "This article was deleted"),
    NotKept: (404, "not-kept", "Nothing like this is kept"),
    WrongUsage: (400, "wrong-usage", "The request makes no sense"),
    IndexDamaged: (503, "index-damaged", "The index cannot be read"),
    DataFolderUnusable: (503, "data-folder-unusable", "The data folder cannot be written"),
    ModelUnusable: (503, "model-unusable", "A model cannot be used"),
}
