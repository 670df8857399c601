"""The errors of evaluation."""

from index.errors import FootnoteError


class ReplyUnreadable(FootnoteError):
    """Another system replied to one question what cannot be read as an answer."""


class SystemUnusable(FootnoteError):
    """Another system cannot be reached or refuses to answer anything, so there is no use in asking the next question."""
