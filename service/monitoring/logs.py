"""Sets up logging: one line per event, on standard error. Questions are logged only if a setting says so, articles never."""

import logging
import sys
from typing import Literal

import structlog

Format = Literal["text", "json"]


def set_up(form: Format = "text") -> None:
    """Write log lines to standard error, with time and level. Tracebacks are without local variables.

    Lines that belong to a request have its id as `request`.
    """
    text = structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"])
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer() if form == "json" else text,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # Looked up for each line, as standard error may be redirected later.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
