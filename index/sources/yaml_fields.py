"""A safe YAML loader: values stay as they were written, and input that grows or is ambiguous is refused."""

import yaml
from yaml.nodes import MappingNode

from index.errors import AccessUnclear

_NULL = "tag:yaml.org,2002:null"
_MOST_ALIASES = 50
# The library takes quadratic time over deeper ones.
_DEEPEST = 50


class _AsWritten(yaml.SafeLoader):
    """`no` is a language, `1:30` a title, and no date breaks the file. Keys stand once, and none are merged."""

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[object, object]:
        fields = super().construct_mapping(node, deep=deep)
        if len(fields) < len(node.value):
            raise yaml.constructor.ConstructorError(None, None, "a key occurs twice", node.start_mark)
        return fields

    def flatten_mapping(self, node: MappingNode) -> None:
        """Merge nothing: what is merged may be merged again, which grows without bound."""


_AsWritten.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == _NULL]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_AsWritten.yaml_constructors = {
    tag: construct
    for tag, construct in yaml.SafeLoader.yaml_constructors.items()
    if tag in {None, _NULL, "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"}
}


def load_yaml(front: str, *, first_line: int) -> object:
    """Return what YAML says, {} for nothing. `first_line` is the line of the file that it starts on, less one.

    Raises AccessUnclear when it does not parse, has a key twice, merges keys, or repeats much by aliases.
    """
    try:
        _check_growth(front)
        return yaml.load(front, Loader=_AsWritten) or {}
    except yaml.MarkedYAMLError as error:
        # Marks count from 0.
        line = error.problem_mark.line + first_line if error.problem_mark else 1
        raise AccessUnclear(
            f"has front matter that does not parse: {error.problem} (line {line} of the file). "
            "Correct it; a value with a colon needs quotes."
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise AccessUnclear(f"has front matter that does not parse: {error}. Correct it.") from None


def _check_growth(front: str) -> None:
    aliases = depth = 0
    for event in yaml.parse(front, Loader=_AsWritten):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise AccessUnclear(f"has front matter nested more than {_DEEPEST} levels deep. Flatten it.")
        aliases += isinstance(event, yaml.AliasEvent)
        if aliases > _MOST_ALIASES:
            raise AccessUnclear(f"has front matter with more than {_MOST_ALIASES} aliases (*name). Write values out.")
        if isinstance(event, yaml.ScalarEvent) and (event.tag == "tag:yaml.org,2002:merge" or _is_merge(event)):
            raise AccessUnclear("has front matter that merges keys (<<). Write out the keys that are meant.")


def _is_merge(event: yaml.ScalarEvent) -> bool:
    return event.value == "<<" and event.style is None
