"""Taking one thing away from the product for the time of a run. The product itself has no switches for it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from operator import attrgetter
from typing import Any
from unittest.mock import patch

from index.errors import WrongUsage
from service.settings import Settings

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


def without_weight(target: str, *names: str) -> Replace:
    """Return a change of a mapping of weights in which these count nothing. Raises WrongUsage, once made, without them."""

    def replacement(weights: dict[str, float]) -> dict[str, float]:
        if missing := [name for name in names if not weights.get(name)]:
            raise WrongUsage(f"{target} has no weight {', '.join(missing)}: correct eval/ablation/registry.py.")
        return {name: 0.0 if name in names else weight for name, weight in weights.items()}

    return Replace(target, replacement)


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
                for owner, name, value in _places(change):
                    stack.enter_context(patch.object(owner, name, value))
        yield settings


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
