"""Logs: one line an event, on standard error. No question is logged unless a setting says so, no article text ever."""

import logging
import sys
from typing import Literal

import structlog

Format = Literal["text", "json"]


def set_up(form: Format = "text") -> None:
    """Send our log lines to standard error, with time and level, tracebacks without local variables.

    A line that belongs to a request carries its id as `request`.
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
        # Looked up with each line: standard error may have been redirected since.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
