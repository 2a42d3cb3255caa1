"""What tests know of the program's process is what it did."""

from __future__ import annotations

import signal
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.ports import reserve_port
from tests.support.process import PygenProcess, parse_metrics
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.processes

_ECHO = "import os, sys; print(sys.argv[1:], flush=True); print(sorted(os.environ), file=sys.stderr)"
_STAYS = "import time; print('there', flush=True); time.sleep(1000)"


def _python(source: str) -> tuple[str, str, str]:
    return (sys.executable, "-c", source)


def test_output_and_log_are_kept_apart(pygen: Callable[..., PygenProcess], tmp_path: Path) -> None:
    """Arguments arrive, a port is added for the metrics, and of our environment only what is needed is handed on."""
    program = pygen("--template", tmp_path, command=_python(_ECHO), env={"PYGEN_DEBUG": "1"})
    assert program.wait_for_end() == 0
    assert program.printed().strip() == str(
        ["--template", str(tmp_path), "--metrics", f"127.0.0.1:{program.metrics_port}"]
    )
    names = set(program.log().strip("[]\n").replace("'", "").split(", "))
    assert names >= {"PYGEN_DEBUG", "PYTHONPATH", "PATH"}
    assert not [name for name in names if name.startswith(("DOCKER", "PIP"))]


def test_a_program_that_ends_is_noticed_while_something_is_awaited(pygen: Callable[..., PygenProcess]) -> None:
    """The wait fails at once, with status and log, and not at its deadline."""
    program = pygen(command=_python("import sys; sys.exit('no more')"))
    with pytest.raises(AssertionError, match=r"(?s)ended with 1 before the moon.*no more"):
        program.wait_for(lambda: False, timeout_s=3600, what="the moon")


def test_what_runs_is_stopped_and_killed(pygen: Callable[..., PygenProcess]) -> None:
    """The exit status of a signal is its negative number."""
    for end, number in ((PygenProcess.stop, signal.SIGTERM), (PygenProcess.kill, signal.SIGKILL)):
        program = pygen(command=_python(_STAYS))
        program.wait_for(lambda program=program: "there" in program.printed())  # type: ignore[misc]  # mypy cannot infer a lambda's defaults
        assert program.running
        assert end(program) == -number
        assert not program.running


def test_nobody_answers_on_a_port_that_nobody_listens_on(pygen: Callable[..., PygenProcess]) -> None:
    """A status of 0 stands for no answer."""
    assert pygen(command=_python(_ECHO)).get("/metrics") == (0, "")


def test_metrics_are_read_by_name_and_sorted_labels() -> None:
    """Samples without labels have no braces; comments are none."""
    text = '# TYPE a_total counter\na_total{b="1",a="x y"} 2\n# TYPE c gauge\nc 0.5\n'
    assert parse_metrics(text) == {'a_total{a="x y",b="1"}': 2.0, "c": 0.5}


def test_a_reserved_port_is_free_and_given_once() -> None:
    """Ports that were handed out differ, and can be bound."""
    ports = [reserve_port() for _ in range(20)]
    assert len(set(ports)) == len(ports)
    for port in ports:
        with socket.create_server(("127.0.0.1", port)):
            pass


def test_a_port_that_is_listened_on_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one port to choose from, and that one taken, there is none."""
    taken = reserve_port()
    monkeypatch.setattr("tests.support.ports._LOWEST", taken)
    monkeypatch.setattr("tests.support.ports._HIGHEST", taken)
    with pytest.raises(RuntimeError, match="no free port"):
        reserve_port()


def test_waiting_gives_the_awaited_answer() -> None:
    """The first true answer ends it."""
    answers = iter([0, "", "there", "later"])
    assert wait_for(lambda: next(answers), every_s=0) == "there"


def test_waiting_in_vain_tells_the_last_answer() -> None:
    """The probe is asked once more at the deadline, and its last answer is in the message with what was awaited."""
    asked: list[int] = []
    with pytest.raises(AssertionError, match=r"the moon \(last answer: None\)"):
        wait_for(lambda: asked.append(1), timeout_s=0, what=lambda: "the moon")
    assert len(asked) == 1
