"""A signal to the child: the process that pygen itself has started, `-- COMMAND` on the command line.

No engine is asked. The child is reached as a container is, by the port: its one run is its process and when that was
started, so that a child that started after the file was written is known to have read it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from models.frozen import frozen
from models.run import CHILD
from models.signals import parse_signal
from notify.actions.action import Action, Need, OptionWords, SignalVia
from notify.actions.keys import Key, only_true
from notify.actions.signal import Signal
from notify.delivery import READ_TIMEOUT_S, Delivered, Failed, Held, Inspector, Outcome, RunEnded, Task, is_another_run
from notify.port import DeliveryError, NotifyPort, WouldEnd

if TYPE_CHECKING:
    from collections.abc import Sequence


@frozen
class SignalChild(Action):
    """A signal to the child.

    Attributes:
        signal: canonical name such as `SIGHUP`, see `models.signals`.
    """

    signal: str
    action: ClassVar[str] = "signal-child"
    of_child: ClassVar[bool] = True
    recipients: ClassVar[Literal["required", "optional", "none"]] = "none"
    option: ClassVar[OptionWords] = OptionWords(
        "--signal-child",
        ("SIGNAL",),
        "Send SIGNAL (HUP, SIGHUP, 1) to the command behind -- when the target changed, once it listens for it. "
        "Repeatable. In the environment PYGEN_SIGNAL_CHILD=HUP.",
    )

    keys: ClassVar[tuple[Key, ...]] = (
        Key("child", "true", "The command behind `--` is told, and no container.", only_true, ""),
        Key("signal", "text", "The signal that it gets.", Signal.keys[0].read, "signal"),
    )

    def __str__(self) -> str:
        return f"signal {self.signal.removeprefix('SIG')} to the child"

    @classmethod
    def from_words(cls, words: Sequence[str]) -> SignalChild:
        """SIGNAL."""
        return cls("", parse_signal(words[0]))

    def deliver(self, port: NotifyPort, task: Task, inspector: Inspector, via: SignalVia) -> Outcome:  # noqa: ARG002
        """Signal the task's run, unless it would only end by that."""
        try:
            state = inspector.inspect()
            if state is None or is_another_run(task, state):
                return RunEnded("it has ended")
            if state.paused:
                return Held("it is stopped")
            port.kill(CHILD, CHILD, self.signal, timeout_s=READ_TIMEOUT_S)
        except WouldEnd as not_yet:
            return Held(str(not_yet))
        except DeliveryError as error:
            return Failed(str(error), acted=False)
        return Delivered("kill")

    def needs(self, via: SignalVia) -> frozenset[Need]:  # noqa: ARG002 - it is not the engine that sends it
        """Nothing is asked of an engine."""
        return frozenset()
