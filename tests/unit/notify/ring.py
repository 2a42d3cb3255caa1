"""An action that needs no container, whose deliveries the made-up engine counts and lets fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from models.frozen import frozen
from notify.actions.action import Action, Need, OptionWords, SignalVia
from notify.delivery import Delivered, Failed, Inspector, Outcome, Task
from notify.port import DeliveryError, NotifyPort

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.unit.notify.fakes import FakeEngine


@frozen
class Ring(Action):
    """Rings a bell."""

    action: ClassVar[str] = "ring"
    option: ClassVar[OptionWords] = OptionWords("--ring", (), "Ring.")

    def __str__(self) -> str:
        return "ring"

    @classmethod
    def from_words(cls, words: Sequence[str]) -> Ring:
        return cls("")

    def needs(self, via: SignalVia) -> frozenset[Need]:
        return frozenset()

    def deliver(self, port: NotifyPort, task: Task, inspector: Inspector, via: SignalVia) -> Outcome:
        try:
            cast("FakeEngine", port).ring()
        except DeliveryError as error:
            return Failed(str(error))
        return Delivered("a ring")


RING = Ring("")
