"""Running a command in a container, such as the reload of the program that reads the file.

Exit status 0 is delivery. The engine can't end a command that was begun: one that takes too long is a failed try, and
goes on inside beside the next one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from models.frozen import frozen
from notify.actions.action import Action, Need, OptionWords, SignalVia, container_name
from notify.actions.command_words import cut, named
from notify.actions.keys import Key, seconds, text, texts
from notify.delivery import Delivered, Failed, Inspector, Outcome, Task, inspect_first, preflight
from notify.output import last_lines
from notify.port import ContainerState, DeliveryError, EngineRefused, NotifyPort

if TYPE_CHECKING:
    from collections.abc import Sequence


@frozen
class Exec(Action):
    """A command in each matching container.

    Attributes:
        command: program and arguments.
        user: as whom it runs (`USER`, `UID`, `USER:GROUP`); '' for the container's own user.
        timeout_s: how long it may take.
    """

    command: tuple[str, ...]
    user: str = ""
    timeout_s: float = 30.0
    action: ClassVar[str] = "exec"
    option: ClassVar[OptionWords] = OptionWords(
        "--exec",
        ("CONTAINER", "COMMAND"),
        "Run COMMAND in CONTAINER when the target changed, without a shell: write sh -c '...' where one is needed. "
        "Exit status 0 within 30 s is delivery. CONTAINER is matched as by --restart. Repeatable. In the environment "
        "PYGEN_EXEC='nginx nginx -s reload, web sh -c \"a, b\"': a comma within quotes belongs to the command.",
        is_command=True,
    )

    keys: ClassVar[tuple[Key, ...]] = (
        Key(
            "exec",
            "list of texts",
            "Program and arguments, run in each container without a shell; exit status 0 is delivery.",
            texts,
            "command",
        ),
        Key("user", "text", "As whom it runs: USER, UID or USER:GROUP.", text, "user", default="the container's own"),
        Key("timeout", "number of seconds", "How long it may take.", seconds, "timeout_s", default="30"),
    )

    def __str__(self) -> str:
        return f"exec of {named(self.command)} in {self.whom}"

    @classmethod
    def from_words(cls, words: Sequence[str]) -> Exec:
        """CONTAINER and COMMAND, the latter as one text."""
        if len(words) != 2:  # noqa: PLR2004 - a container and a command
            raise ValueError("COMMAND is missing: write CONTAINER and COMMAND, such as 'nginx nginx -s reload'")
        return cls(container_name(words[0]), cut(words[1]))

    def deliver(self, port: NotifyPort, task: Task, inspector: Inspector, via: SignalVia) -> Outcome:  # noqa: ARG002
        """Run it in the task's container, and wait for its end."""
        state = inspect_first(task, inspector)
        return self._run(port, task, inspector) if isinstance(state, ContainerState) else state

    def needs(self, via: SignalVia) -> frozenset[Need]:  # noqa: ARG002 - no signal is sent
        """The requests of an exec."""
        return frozenset({"exec"})

    def _run(self, port: NotifyPort, task: Task, inspector: Inspector) -> Outcome:
        engine, container_id = task.engine, task.run.container_id
        try:
            ended = port.execute(engine, container_id, self.command, user=self.user, timeout_s=self.timeout_s)
        except DeliveryError as error:
            return _over(error, task, inspector) or Failed(str(error))
        if ended.status == 0:
            return Delivered("exit status 0")
        return Failed(f"the command ended with {ended.status}", output=last_lines(ended.output))


def _over(error: DeliveryError, task: Task, inspector: Inspector) -> Outcome | None:
    """A refusal because the run has just ended, or was paused, is no failure."""
    if not isinstance(error, EngineRefused) or not error.is_about_state:
        return None
    state = inspector.inspect_again()
    return None if isinstance(state, DeliveryError) else preflight(task, state)
