"""The log: one line a message, in two formats, and nothing that a message holds can forge another."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.log_fields import fields
from reconciler.cli.logging_setup import JsonFormatter, TextFormatter, escape, set_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.cli.settings import LogFormat


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Whatever a test sets up is taken back."""
    root, libraries = logging.getLogger(), [logging.getLogger(name) for name in ("urllib3", "docker")]
    handlers, level, raises = root.handlers[:], root.level, logging.raiseExceptions
    library_levels = [library.level for library in libraries]
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raises
    for library, library_level in zip(libraries, library_levels, strict=True):
        library.setLevel(library_level)


def record(message: str, *, error: BaseException | None = None, extra: Any = None) -> logging.LogRecord:
    """A record of a fixed moment."""
    exc_info = None if error is None else (type(error), error, error.__traceback__)
    made = logging.getLogger("pygen.test").makeRecord(
        "pygen.test", logging.WARNING, "file.py", 1, message, (), exc_info, extra=extra
    )
    made.created = 1767323045.678
    return made


def written(log_format: LogFormat, *, debug: bool) -> tuple[logging.Logger, io.StringIO]:
    """A logger, and what it writes to."""
    stream = io.StringIO()
    set_up(log_format, debug=debug, stream=stream)
    return logging.getLogger("pygen.test"), stream


ALL_FIELDS = fields(target="/etc/hosts", cause="web-2 started", lines_added=3, lines_removed=0, duration_ms=1.26)


def test_a_line_of_text_reads_time_level_message_and_fields() -> None:
    """Fields follow the message as name=value, quoted where they hold blanks."""
    line = TextFormatter(tracebacks=False).format(record("target changed", extra=ALL_FIELDS))
    assert line == (
        "2026-01-02T03:04:05.678Z WARNING target changed target=/etc/hosts "
        'cause="web-2 started" lines_added=3 lines_removed=0 duration_ms=1.3'
    )


def test_a_line_of_json_has_the_same_fields() -> None:
    """Time, level, logger and message, and the fields as numbers and text."""
    assert json.loads(JsonFormatter(tracebacks=False).format(record("target changed", extra=ALL_FIELDS))) == {
        "time": "2026-01-02T03:04:05.678Z",
        "level": "warning",
        "logger": "pygen.test",
        "message": "target changed",
        "target": "/etc/hosts",
        "cause": "web-2 started",
        "lines_added": 3,
        "lines_removed": 0,
        "duration_ms": 1.3,
    }


def test_fields_that_are_not_known_are_left_out() -> None:
    """A message without fields has none, in either format."""
    plain = record("hello", extra=fields(target="t"))
    assert TextFormatter(tracebacks=False).format(plain).endswith("WARNING hello target=t")
    assert json.loads(JsonFormatter(tracebacks=False).format(plain)).keys() == {
        "time",
        "level",
        "logger",
        "message",
        "target",
    }


@pytest.mark.parametrize("formatter", [TextFormatter(tracebacks=False), JsonFormatter(tracebacks=False)])
@given(text=st.text(), cause=st.text())
def test_a_record_is_one_line_whatever_it_holds(formatter: logging.Formatter, text: str, cause: str) -> None:
    """Neither a message nor a field can break the line or send an escape sequence to a terminal."""
    line = formatter.format(record(text.replace("%", ""), extra=fields(cause=cause)))
    assert len(line.splitlines()) == 1
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in line)


def test_control_characters_stay_readable() -> None:
    """What is escaped is still to be recognised."""
    assert escape("a\nb\r\tc\x1b[31m\u2028ä") == "a\\nb\\r\\tc\\x1b[31m\\u2028ä"


def raised() -> ValueError:
    """An error with a traceback."""
    with pytest.raises(ValueError, match="secret") as caught:
        raise ValueError("top\nsecret")
    return caught.value


def test_a_traceback_is_shown_with_debug_only() -> None:
    """Without it an error's kind is named, and neither its text nor where it was raised."""
    failed = record("it failed", error=raised())
    for formatter in (TextFormatter(tracebacks=False), JsonFormatter(tracebacks=False)):
        line = formatter.format(failed)
        assert "it failed (ValueError)" in line
        assert "secret" not in line
        assert "Traceback" not in line
        assert len(line.splitlines()) == 1


def test_a_traceback_stays_apart_from_other_lines() -> None:
    """As text it is indented below its message; as JSON it is a field of the one line."""
    failed = record("it failed", error=raised())
    first, *rest = TextFormatter(tracebacks=True).format(failed).splitlines()
    assert first.endswith("it failed (ValueError)")
    assert rest[0] == "    Traceback (most recent call last):"
    assert all(line.startswith("    ") for line in rest)
    (line,) = JsonFormatter(tracebacks=True).format(failed).splitlines()
    assert json.loads(line)["traceback"].startswith("Traceback (most recent call last):")


def test_debug_messages_are_written_with_debug_only() -> None:
    """The level is info, or debug."""
    logger, stream = written("text", debug=False)
    logger.debug("hidden")
    logger.info("shown")
    assert "hidden" not in stream.getvalue()
    assert "shown" in stream.getvalue()
    logger, stream = written("json", debug=True)
    logger.debug("shown")
    assert json.loads(stream.getvalue())["level"] == "debug"


def test_libraries_do_not_report_each_retry() -> None:
    """What the engine's libraries say of a retry is not for the log, and an error of theirs is."""
    _, stream = written("text", debug=False)
    logging.getLogger("urllib3.connectionpool").warning("Retrying")
    logging.getLogger("docker.api").error("broken")
    assert "Retrying" not in stream.getvalue()
    assert "broken" in stream.getvalue()


def test_setting_up_again_replaces_what_was_there() -> None:
    """Two set-ups do not write every message twice."""
    written("text", debug=False)
    logger, stream = written("text", debug=False)
    logger.info("once")
    assert stream.getvalue().count("once") == 1
    assert len(logging.getLogger().handlers) == 1


def test_a_stream_that_is_gone_prints_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """A message that can't be written is lost quietly: there is nowhere to tell it."""
    logger, stream = written("text", debug=False)
    stream.close()
    logger.info("lost")
    assert capsys.readouterr().err == ""
