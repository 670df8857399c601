"""Front matter: the YAML between two lines of dashes at the start of a file."""

import re

import yaml
from frontmatter.default_handlers import YAMLHandler

from index.errors import ArticleError


class _AsWritten(yaml.SafeLoader):
    """YAML whose values stay as they were written: `no` is a language, `1:30` a title, and no date breaks the file."""


_NULL = "tag:yaml.org,2002:null"
_AsWritten.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == _NULL]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_AsWritten.yaml_constructors = {
    tag: construct
    for tag, construct in yaml.SafeLoader.yaml_constructors.items()
    if tag in {None, _NULL, "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"}
}

# The library's own boundary swallows the blank lines after it, which belong to the text.
_HANDLER = YAMLHandler(fm_boundary=re.compile(r"^---[ \t]*(?:\n|\Z)", re.MULTILINE))


def split_front_matter(text: str) -> tuple[dict[str, object], str]:
    """Return a file's front matter and the text after it, untouched.

    A file that starts with dashes and has no second line of them has no front matter: the dashes are a rule.
    Raises ArticleError when there is front matter that is not a YAML mapping.
    """
    try:
        front, body = _HANDLER.split(text) if _HANDLER.detect(text) else ("", text)
    except ValueError:
        return {}, text
    fields = _load(front)
    if not isinstance(fields, dict):
        raise ArticleError(
            "has front matter that is not a list of `key: value`. Mend it, "
            "or put an empty line before the dashes if they are meant as a rule."
        )
    return {str(key): value for key, value in fields.items()}, body


def _load(front: str) -> object:
    try:
        return _HANDLER.load(front, Loader=_AsWritten) or {}
    except yaml.MarkedYAMLError as error:
        # Marks count from 0, and the first line of the file is the dashes.
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise ArticleError(
            f"has front matter that does not parse: {error.problem} (line {line} of the file). "
            "Mend it; a value with a colon needs quotes."
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ArticleError(f"has front matter that does not parse: {error}. Mend it.") from None
