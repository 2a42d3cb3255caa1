"""How messages look on standard error: one line for each, as text or as JSON, with the same fields.

A message's fields travel in its record, see `models.log_fields`.
Text from containers may be hostile: control characters are escaped in both formats, so that nothing can forge a line.
In a line of text the fields begin at the first `NAME=` of `FIELDS`, which a message has written otherwise; a value in
quotes has its own quotes and backslashes behind a backslash.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from models.log_fields import FIELDS, fields_of

if TYPE_CHECKING:
    from reconciler.cli.settings import LogFormat

# C0 and C1 controls (an escape sequence begins with one), and the line ends of Unicode.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LIKE_FIELD = re.compile(rf"(?<!\S)({'|'.join(FIELDS)})=")
_BARE = re.compile(r"[^\s\"=\\]+")


def set_up(log_format: LogFormat, *, debug: bool, stream: TextIO | None = None) -> logging.Handler:
    """Send every message of the program to one stream, in one format.

    Args:
        log_format: `text` or `json`.
        debug: debug messages too, and tracebacks.
        stream: where to; standard error unless given.

    Returns:
        The one handler of the root logger; what was there before is taken away.
    """
    handler = logging.StreamHandler(stream if stream is not None else sys.stderr)
    handler.setFormatter((JsonFormatter if log_format == "json" else TextFormatter)(tracebacks=debug))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    # They report each retry of a request, which the program itself does, and counts, once it has given up.
    for library in ("urllib3", "docker"):
        logging.getLogger(library).setLevel(logging.DEBUG if debug else logging.ERROR)
    # A message that can't be written (standard error is gone) must not print a traceback either.
    logging.raiseExceptions = debug
    return handler


class TextFormatter(logging.Formatter):
    """`2026-01-02T03:04:05.678Z INFO target changed target=/etc/hosts cause="web-2 started" lines_added=1`."""

    def __init__(self, *, tracebacks: bool) -> None:
        super().__init__()
        self._tracebacks = tracebacks

    def format(self, record: logging.LogRecord) -> str:
        """One line; with `--debug` an error's traceback follows it, indented."""
        given = fields_of(record)
        pairs = [f"{name}={_quoted(given[name])}" for name in FIELDS if name in given]
        message = _LIKE_FIELD.sub(r"\1\\x3d", escape(record.getMessage())) + _error_name(record)
        line = " ".join([_time(record), record.levelname, message, *pairs])
        return line + "".join(f"\n    {escape(part)}" for part in self._traceback_lines(record))

    def _traceback_lines(self, record: logging.LogRecord) -> list[str]:
        return _traceback(record).splitlines() if self._tracebacks else []


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `time`, `level`, `logger`, `message`, the fields, and with `--debug` `traceback`."""

    def __init__(self, *, tracebacks: bool) -> None:
        super().__init__()
        self._tracebacks = tracebacks

    def format(self, record: logging.LogRecord) -> str:
        """One line of ASCII, whatever the message holds."""
        entry: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() + _error_name(record),
            **fields_of(record),
        }
        if self._tracebacks and record.exc_info:
            entry["traceback"] = _traceback(record)
        return json.dumps(entry)


def escape(text: str) -> str:
    r"""Text without control characters: a line end reads `\n`, an escape `\x1b`."""
    return _CONTROL.sub(lambda match: _SHORT.get(match[0]) or ascii(match[0])[1:-1], text)


def _quoted(value: object) -> str:
    text = str(value)
    if _BARE.fullmatch(text) and text == escape(text):
        return text
    return '"' + escape(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _error_name(record: logging.LogRecord) -> str:
    """The error's kind where there is one: its text may hold values, and a traceback is shown with --debug only."""
    kind = record.exc_info[0] if record.exc_info else None
    return f" ({kind.__name__})" if kind else ""


def _traceback(record: logging.LogRecord) -> str:
    return "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
