"""Runs a measurement in a process of its own and returns what it measured."""

import json
import os
import subprocess
import sys
from typing import Any

from index.errors import FootnoteError

_TOLD_LINES = 5


class MeasurementFailed(FootnoteError):
    """A process of the benchmark ended with an error."""


def measured(task: str, **arguments: Any) -> dict[str, Any]:
    """Run a task of `eval.bench.tasks` and return its result as a dictionary. Raises MeasurementFailed."""
    command = [sys.executable, "-m", "eval.bench.tasks", task, json.dumps(arguments)]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        told = "\n".join(done.stderr.strip().splitlines()[-_TOLD_LINES:])
        raise MeasurementFailed(f"Measuring {task} ended with exit code {done.returncode}:\n{told}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result
