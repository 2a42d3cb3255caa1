"""A new action, as somebody would add it: this one file and `register(Poke)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from models.frozen import frozen
from notify.actions.action import Action, Need, OptionWords, SignalVia, container_name
from notify.delivery import READ_TIMEOUT_S, Delivered, Failed, Inspector, Outcome, Task, preflight
from notify.port import DeliveryError, NotifyPort

if TYPE_CHECKING:
    from collections.abc import Sequence


@frozen
class Poke(Action):
    """Runs `poke WORD` in the container."""

    word: str
    action: ClassVar[str] = "poke"
    option: ClassVar[OptionWords] = OptionWords(
        "--poke", ("CONTAINER", "WORD"), "Poke CONTAINER with WORD. Repeatable."
    )

    def __str__(self) -> str:
        return f"poke of {self.container}"

    @classmethod
    def from_words(cls, words: Sequence[str]) -> Poke:
        if len(words) != len(cls.option.metavar):
            raise ValueError("write both, such as 'nginx reload'")
        return cls(container_name(words[0]), words[1])

    def needs(self, via: SignalVia) -> frozenset[Need]:
        return frozenset({"exec"})

    def deliver(self, port: NotifyPort, task: Task, inspector: Inspector, via: SignalVia) -> Outcome:
        try:
            blocked = preflight(task, inspector.inspect())
            if blocked is not None:
                return blocked
            ended = port.execute(
                task.engine, task.run.container_id, ("poke", self.word), user="", timeout_s=READ_TIMEOUT_S
            )
        except DeliveryError as error:
            return Failed(str(error))
        return Delivered("a poke") if ended.status == 0 else Failed(f"`poke` ended with {ended.status}")
