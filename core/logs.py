"""The format of the log: one line for each event, as text for people or as JSON. Set up once."""

import logging
import sys
from typing import Any

import structlog

from core.settings import Settings


def set_up(settings: Settings) -> None:
    """Send our own lines and those of libraries through one format to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if settings.log_format == "json":
        look: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        # Plain tracebacks: with the values of local variables, tokens would get into the log.
        plain = structlog.dev.plain_traceback
        look = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    level = logging.getLevelNamesMapping()[settings.log_level]
    structlog.configure(
        processors=[*shared, *look],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=look))
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
