"""The program, killed with SIGKILL at a named step: `python -m tests.support.killed_at STEP ARMED ARGUMENTS...`.

STEP is a name of STEPS. It kills only while the file ARMED exists, so that a test decides when it is its turn; the
production code knows nothing of it.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Every step between a render and the last acknowledgement, in order: the function, and whether it ends or begins.
STEPS: Mapping[str, tuple[str, str]] = {
    "rendered": ("reconciler.loop.desired:Desired.content", "after"),
    "before the debts are on disk": ("notify.outbox_store:OutboxStore.save", "before"),
    "the debts are half written": ("reconciler.target.state_file:StateFile._fill", "after"),
    "the debts are on disk": ("notify.notifier:Notifier.prepare", "after"),
    "the new content is beside the file": ("reconciler.target.replace:_fill", "after"),
    "the file is replaced": ("reconciler.target.replace:replace", "after"),
    "before the replacement is recorded": ("notify.notifier:Notifier.replaced", "before"),
    "the replacement is recorded": ("notify.notifier:Notifier.replaced", "after"),
    "before the delivery is recorded": ("notify.notifier:Notifier._begin", "before"),
    "the delivery is recorded": ("notify.notifier:Notifier._begin", "after"),
    "before the container is looked at": ("reconciler.backend.docker_sdk:SdkNotifyPort.inspect", "before"),
    "before it is told": ("reconciler.backend.docker_sdk:SdkNotifyPort.{write}", "before"),
    "it is told": ("reconciler.backend.docker_sdk:SdkNotifyPort.{write}", "after"),
    "before it is acknowledged": ("notify.acknowledging:Acknowledger._delivered", "before"),
    "it is acknowledged in memory": ("notify.acknowledging:Acknowledger._delivered", "after"),
}
#: Those that a job with a file for each element has beside them: one of its files is replaced in between, and so on.
SET_STEPS: Mapping[str, tuple[str, str]] = {
    "the debts of a set are on disk": ("notify.notifier:Notifier.prepare", "after"),
    "before the files are announced": ("reconciler.target.recorded_files:RecordedFiles.save", "before"),
    "the files are announced": ("reconciler.target.recorded_files:RecordedFiles.save", "after"),
    "one file's new content is beside it": ("reconciler.target.replace:_fill", "after"),
    "one file is replaced": ("reconciler.target.file_set:FileSetTarget._write_one", "after"),
    "before a file is removed": ("reconciler.target.file_set:FileSetTarget._remove_as_written", "before"),
    "a file is removed": ("reconciler.target.file_set:FileSetTarget._remove_as_written", "after"),
    "all files are as they should be": ("reconciler.target.file_set:FileSetTarget._settle", "before"),
    "the files are recorded": ("reconciler.target.file_set:FileSetTarget._settle", "after"),
    "the replacement of a set is recorded": ("notify.notifier:Notifier.replaced", "after"),
}
WRITES = ("kill", "execute", "restart")


def main(arguments: list[str]) -> int:
    """Wrap the step, then be the program."""
    step, armed, *rest = arguments
    place, when = {**STEPS, **SET_STEPS}[step]
    if "{write}" in place:
        for write in WRITES:
            wrap(place.format(write=write), when, Path(armed))
    else:
        wrap(place, when, Path(armed))
    sys.argv = ["pygen", *rest]
    from reconciler.__main__ import main as program

    return program()


def wrap(place: str, when: str, armed: Path) -> None:
    """Put a wrapper that kills around `module:name` or `module:Class.name`, wherever it is known by that name."""
    module_name, _, path = place.partition(":")
    holder: Any = importlib.import_module(module_name)
    *outer, name = path.split(".")
    for part in outer:
        holder = getattr(holder, part)
    inner = getattr(holder, name)
    wrapper = _wrapper(inner, when, armed)
    setattr(holder, name, wrapper)
    if not outer:
        _replace_imported(inner, wrapper, name)


def _replace_imported(inner: object, wrapper: object, name: str) -> None:
    """A function may have been imported by name elsewhere."""
    importlib.import_module("reconciler.running")
    for module in list(sys.modules.values()):
        if getattr(module, name, None) is inner:
            setattr(module, name, wrapper)


def _wrapper(inner: Callable[..., Any], when: str, armed: Path) -> Callable[..., Any]:
    @functools.wraps(inner)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        if when == "before":
            _kill_if(armed)
        outcome = inner(*arguments, **options)
        if when == "after":
            _kill_if(armed)
        return outcome

    return wrapped


def _kill_if(armed: Path) -> None:
    if armed.exists():
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
