"""Taking one thing away from the product for the time of a run. The product itself has no switches for it."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from operator import attrgetter
from typing import Any
from unittest.mock import patch

from index.errors import WrongUsage
from index.stores.store import Index
from service.answer.evidence import READER_WEIGHTS, Evidence, Search
from service.settings import Settings

ReadEvidence = Callable[[Index, Sequence[Search]], list[list[Evidence]]]

_PACKAGES = ("service", "index")


@dataclass(frozen=True, slots=True)
class Replace:
    """A function or constant of the product, `module:name` or `module:Class.name`, and what takes its place.

    `replacement` is given what stands there today.
    """

    target: str
    replacement: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Set:
    """A setting, and the value that it is run with."""

    setting: str
    value: Any


Change = Replace | Set


@dataclass(frozen=True, slots=True)
class Ablation:
    """Something that is taken away. `about` says in a few words what is done without it."""

    name: str
    about: str
    changes: tuple[Change, ...]


def without_weight(target: str, name: str, *, typical: float = 0.0) -> Replace:
    """Return a change of a mapping of weights, with an intercept, in which one counts nothing.

    Its `typical` value goes into the intercept: else all that is weighed would become less or more probable. Raises
    WrongUsage, once made, where there is no such weight.
    """

    def replacement(weights: Mapping[str, float]) -> dict[str, float]:
        if not weights.get(name):
            raise WrongUsage(f"{target} has no weight {name}: correct eval/ablation/registry.py.")
        return {**weights, name: 0.0, "intercept": weights["intercept"] + weights[name] * typical}

    return Replace(target, replacement)


def without_feature(name: str) -> Callable[[ReadEvidence], ReadEvidence]:
    """Return a replacement of `read_evidence` in which a feature has its mean over the question's sentences for each of them.

    With a weight of 0 instead, every sentence would become less or more probable, and more would be refused or less.
    """

    def replacement(read: ReadEvidence) -> ReadEvidence:
        def without(index: Index, searches: Sequence[Search]) -> list[list[Evidence]]:
            return [_levelled(name, evidence) for evidence in read(index, searches)]

        return without

    return replacement


def _levelled(name: str, evidence: Sequence[Evidence]) -> list[Evidence]:
    values = [one.features.get(name, 0.0) for one in evidence]
    mean, weight = sum(values) / max(len(values), 1), READER_WEIGHTS[name]
    level = [replace(one, score=one.score + weight * (mean - v)) for one, v in zip(evidence, values, strict=True)]
    return sorted(level, key=lambda one: (-one.score, one.rank, one.position))


def returning(target: str, value: Any) -> Replace:
    """Return a change of a function to one that always returns this value."""
    return Replace(target, lambda old: lambda *args, **kwargs: value)


@contextmanager
def taken_away(ablation: Ablation, settings: Settings) -> Iterator[Settings]:
    """Run the product without something, and give the settings for that. Everything is put back at the end.

    Raises WrongUsage where what is to be taken away does not exist, or would be the same without it.
    """
    with ExitStack() as stack:
        for change in ablation.changes:
            if isinstance(change, Set):
                settings = _with(settings, change)
            else:
                stack.enter_context(replaced(change))
        yield settings


@contextmanager
def replaced(change: Replace) -> Iterator[None]:
    """Replace a function or constant wherever it was imported. Raises WrongUsage where there is no such thing."""
    with ExitStack() as stack:
        for owner, name, value in _places(change):
            stack.enter_context(patch.object(owner, name, value))
        yield


def _with(settings: Settings, change: Set) -> Settings:
    if getattr(settings, change.setting, change.value) == change.value:
        raise WrongUsage(f"The setting {change.setting} is {change.value!r} already, or does not exist.")
    return settings.model_copy(update={change.setting: change.value})


def _places(change: Replace) -> Iterator[tuple[Any, str, Any]]:
    """Yield each module or class of the product that has what is replaced, under which name, and the replacement."""
    module_name, _, path = change.target.partition(":")
    *classes, name = path.split(".")
    try:
        owner = attrgetter(*classes)(import_module(module_name)) if classes else import_module(module_name)
        old = getattr(owner, name)
    except (ImportError, AttributeError) as error:
        raise WrongUsage(f"{change.target} does not exist: correct eval/ablation/registry.py.") from error
    new = change.replacement(old)
    yield owner, name, new
    # Whoever imported it by name has it under that name.
    for module in [module for key, module in sys.modules.items() if key.partition(".")[0] in _PACKAGES]:
        if module is not owner and vars(module).get(name) is old:
            yield module, name, new
