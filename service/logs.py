"""Logs: one line an event, on standard error. No question and no article text is ever logged."""

import logging
import sys

import structlog


def set_up() -> None:
    """Send our log lines to standard error, in plain text with time and level, tracebacks without local variables."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # Looked up with each line: standard error may have been redirected since.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
