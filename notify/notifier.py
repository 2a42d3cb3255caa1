"""Who is told, and when: one job's debts from the replacement of its file to the last acknowledgement.

The promise: each run of a matching container that was alive since before the file took its last content is told after
that, whatever fails in between, even if this process is killed at any point; and a restart of this process with nothing
changed notifies nothing. It is kept by writing down first what could be owed (before the file is replaced, before a
delivery is tried), and by wiping it last. What needs no container (a server, a command) is owed once for each content
by the same rule: its recipient is a run that never ends.

All methods belong to one thread, the loop's. Workers only run `notify.dispatcher.deliver` and leave their reports; what
they mean is decided in `advance`. Not promised: that no run is told twice. A delivery whose end is not known is made
again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.frozen import frozen
from notify.acknowledging import Acknowledger
from notify.delivery_log import DeliveryLog
from notify.dispatcher import Begun, Dispatcher, Effect, PendingDebt, Runtime, launch
from notify.interval import Interval
from notify.outbox import UNKNOWN, NotificationState, Outbox, Prepared
from notify.outbox_store import OutboxStore
from notify.replacements import Replacements
from notify.rollout import Rollouts
from notify.schedule import DebtKey, Schedule
from notify.start_order import CompleteList, ContainerObservation, Observations, StartOrder, of_child, without_container

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from models.notification import Notification, NotifyReport
    from models.run import Run
    from models.write import Cause
    from notify.actions.action import Action, SignalVia
    from notify.outbox_store import StateStore
    from notify.port import NotifyPort


_FORCING: tuple[Cause, ...] = ("drift", "missing")
_OWN: tuple[Cause, ...] = ("state", "template")


def _no_child() -> None:
    """No child is configured."""


@frozen
class NotifySettings:
    """One job's notifications as configured.

    Attributes:
        job: the target as people wrote it, for log lines and reports.
        notifications: exact duplicates count once.
        interval: MIN and MAX of a batch.
        signal_via: how signals are sent.
        child: the name of the child's program, '' where there is none.
    """

    job: str
    notifications: Sequence[Action]
    interval: Interval = Interval()
    signal_via: SignalVia = "auto"
    child: str = ""


class Notifier:
    """One job's notifications.

    Args:
        settings: as configured.
        port: reaches the engines; used by workers only.
        store: keeps the state.
        runtime: time, chance and threads.
        publish: takes what became of deliveries, and how things stand, after each step that changed it.
        child_run: the child's run; None before it and after it.
    """

    def __init__(
        self,
        settings: NotifySettings,
        port: NotifyPort,
        store: StateStore,
        runtime: Runtime,
        publish: Callable[[NotifyReport], None],
        *,
        child_run: Callable[[], Run | None] = _no_child,
    ) -> None:
        self._child, self._child_run = settings.child, child_run
        self._notifications = tuple(dict.fromkeys(settings.notifications))
        self._clock = runtime.clock
        self._wall_clock = runtime.wall_clock
        self._outbox_store = OutboxStore(settings.job, store, runtime.log)
        self._delivery_log = DeliveryLog(settings.job, self._notifications, runtime.log, publish)
        self._start_order = StartOrder()
        self._outbox = Outbox(states={notification: NotificationState() for notification in self._notifications})
        self._schedule = Schedule(settings.interval, runtime.chance, self._outbox)
        self._rollouts = Rollouts(self._outbox, self._schedule, self._delivery_log)
        self._acknowledger = Acknowledger(
            self._outbox, self._schedule, self._start_order, self._delivery_log, self._rollouts
        )
        self._dispatcher = Dispatcher(
            self._outbox,
            self._schedule,
            self._acknowledger,
            self._rollouts,
            target=settings.job,
            port=port,
            via=settings.signal_via,
            runtime=runtime,
        )
        self._replacements = Replacements(self._outbox, self._start_order, self._schedule, self._dispatcher)
        self._matching_ids: set[str] = set()

    # What the loop tells us

    def restore(self, found: str | None = None) -> None:
        """Read the state. Call it once, before everything else.

        Args:
            found: digest of what the target holds now, None where it is missing or cannot be read. With it what is owed
                is served also if no pass succeeds; without it, where a killed process had announced a replacement,
                only after the first pass.
        """
        outbox, engine_ns_max = self._outbox_store.load(self._notifications)
        self._outbox.adopt(outbox)
        self._rollouts.restore(self._clock())
        self._start_order.engine_ns_max.update(engine_ns_max)
        if found is not None:
            self._replacements.finish_leftover(found, self._clock())
        self._plan(self._clock())
        self._delivery_log.publish(self._outbox)

    @property
    def content(self) -> str | None:
        """Digest of what the file held when it was last written or found as rendered; None where none is known."""
        return self._outbox.content or None

    def is_drift(self, digest: str) -> bool:
        """Whether bytes found in the target were put there by somebody else, as far as the state knows.

        Args:
            digest: of the bytes that the target holds now.
        """
        prepared = self._outbox.prepared
        expected = {self._outbox.content, UNKNOWN if prepared is None else prepared.digest}
        return self._outbox.content != UNKNOWN and digest not in expected

    def prepare(
        self,
        digest: str,
        cause: Cause,
        observations: Observations,
        *,
        listing: CompleteList | None = None,
        changed: Collection[str] | None = None,
        also: Collection[Cause] = (),
    ) -> None:
        """The file is about to be replaced: its debts are kept durably before this returns.

        Args:
            digest: of the content to come.
            cause: `drift` or `missing` where the file was not as we had left it, whatever else changed: every run is
                owed then, for it may have loaded the rogue file.
            observations: every container that matches, as this pass shows it, stopped ones included.
            listing: the last complete list, if known.
            changed: names of the containers whose changes led to this; None where something else did. A content that
                changed for containers that we restarted, and for no other, continues a chain (see `notify.throttle`).
            also: further causes that may have had a part in it; whoever reacts to one of them is told.
        """
        known = ((record.run.container_id, record.name) for record in self._outbox.records())
        self._schedule.throttle.file_changed(changed or (), known)
        self._replacements.doubt_leftover(self._clock())
        self._see(observations, listing)
        also = self._also(digest, cause, also)
        self._outbox.prepared = Prepared(digest, cause in _FORCING, self._wall_clock(), cause, also)
        # Without notifications there is no debt to keep, and the file need not wait for the disk.
        if self._outbox.states:
            self._conclude(self._clock())

    def replaced(
        self, digest: str, observations: Observations, at_s: float, *, listing: CompleteList | None = None
    ) -> None:
        """The file was replaced: every run that was not told of this content is owed, with the batch.

        Args:
            digest: of its content.
            observations: as in `prepare`.
            at_s: monotonic clock, read just after the replacement.
            listing: as in `prepare`.
        """
        prepared = self._outbox.prepared
        announced = prepared if prepared is not None and prepared.digest == digest else Prepared(digest)
        self._replacements.made(announced, since_epoch_s=self._wall_clock(), at_s=at_s)
        self._see(observations, listing)
        self._conclude(at_s)

    def abandoned(self, digest: str) -> None:
        """The write that was prepared failed and the old file is whole: nothing is owed for it."""
        prepared = self._outbox.prepared
        if prepared is not None and prepared.digest == digest:
            self._outbox.prepared = None
            self._conclude(self._clock())

    def unchanged(self, digest: str, observations: Observations, *, listing: CompleteList | None = None) -> None:
        """The target holds the rendered bytes already: call it in every such pass.

        Args:
            digest: of these bytes. Where it is not what we knew of, somebody else wrote them, or we did and were killed
                before we could record it: whoever was not told of them is owed.
            observations: as in `prepare`.
            listing: as in `prepare`.
        """
        now_s = self._clock()
        self._replacements.finish_leftover(digest, now_s)
        self._see(observations, listing)
        self._outbox.settle(digest)
        if self._outbox.content != digest:
            self._replacements.made(Prepared(digest), since_epoch_s=self._wall_clock(), at_s=now_s)
        self._conclude(now_s)

    def engine_clock(self, engine: str, begun_at_s: float, engine_ns_max: int | None) -> None:
        """An answer of an engine shows its clock.

        Args:
            engine: whose.
            begun_at_s: our monotonic clock just before the request was sent.
            engine_ns_max: upper bound of the engine's own clock when the request was begun, ns since the epoch.
        """
        self._start_order.engine_clock(engine, begun_at_s, engine_ns_max)

    # What the loop asks

    def next_due(self) -> float | None:
        """When `advance` has something to do, on the monotonic clock; None: not before a worker wakes the loop."""
        if self._outbox.prepared is not None:
            return None
        moments_s = (self._schedule.next_due(), self._rollouts.next_due())
        return min((moment_s for moment_s in moments_s if moment_s is not None), default=None)

    def pending(self) -> tuple[PendingDebt, ...]:
        """Everything that is owed now."""
        return tuple(self._dispatcher.pending())

    @property
    def owes_nothing(self) -> bool:
        """Whether nothing is owed, and nothing could be by a replacement whose end is not known."""
        return self._outbox.prepared is None and not any(True for _ in self._outbox.pending())

    @property
    def is_delivering(self) -> bool:
        """Whether a worker has not come back yet."""
        return bool(self._schedule.under_way)

    def forget_all(self) -> None:
        """Nothing is owed any more, on the disk either: the job is gone. Call nothing else afterwards."""
        self._outbox_store.save(Outbox(states={}), {})

    def advance(self, now_s: float) -> None:
        """Take reports, and start every delivery that is due, side by side; for several jobs see `notify.together`."""
        launch(self.begin(now_s))

    def begin(self, now_s: float) -> list[Begun]:
        """Take reports, and record every delivery that is due; they are to be launched."""
        if not self._notifications:
            return []
        reported = self._dispatcher.take_reports()
        self._plan(now_s)
        self._schedule.release(now_s)
        due = self._due(now_s)
        begun = self._begin(due, now_s) if reported or due else []
        self._dispatcher.check(now_s)
        return begun

    def join(self, effects: Collection[Effect], now_s: float) -> list[Begun]:
        """Record a delivery for every other debt that deliveries with these effects pay, too, whatever it waits for.

        The file is what it is owed for, so whoever is told now is told of it.
        """
        if self._outbox.prepared is not None:
            return []
        alike = [
            (notification, record.run.container_id)
            for notification, record in self._outbox.pending()
            if self._dispatcher.effect(notification, record.run, record.engine) in effects
        ]
        keys = [key for place in alike if (key := self._schedule.take(place)) is not None]
        return self._begin(keys, now_s) if keys else []

    def expedite(self) -> None:
        """Nothing waits for its batch or its next try any longer: `push` sends it at once."""
        self._dispatcher.take_reports()
        self._plan(self._clock())
        self._schedule.expedite(self._clock())

    def push(self, now_s: float) -> list[Begun]:
        """Take reports, and record everything that is owed; what fails is tried again at `next_due`."""
        self._dispatcher.take_reports()
        self._plan(now_s)
        self._schedule.release_now(now_s)
        begun = self._begin(self._due(now_s, heed_throttle=False), now_s)
        self._dispatcher.check(now_s)
        return begun

    def is_waiting(self, now_s: float) -> bool:
        """Whether there is something to wait for after a push: what is under way, or the next try."""
        if self._dispatcher.take_reports():  # of a worker that was quick, or that could not be started
            self._conclude(now_s)
        return self._outbox.prepared is None and not self.owes_nothing

    # Inside

    def _also(self, digest: str, cause: Cause, also: Collection[Cause]) -> tuple[Cause, ...]:
        """The further causes of a replacement: none of one that only takes back what somebody else did.

        Where the content differs from what we left as well, and nothing says why, it may have come by anything.
        """
        if cause not in _FORCING:
            return tuple(also)
        return () if digest == self._outbox.content else tuple(also) or _OWN

    def _see(self, observations: Observations, listing: CompleteList | None) -> None:
        now_s = self._clock()
        needing_none: dict[Notification, Sequence[ContainerObservation]] = {
            n: (self._child_at(now_s) if n.of_child else without_container(now_s),)
            for n in self._notifications
            if not n.whom
        }
        observations = {**observations, **needing_none}
        self._matching_ids = {each.container_id for matching in observations.values() for each in matching}
        self._acknowledger.observe(observations, listing, now_s)

    def _child_at(self, now_s: float) -> ContainerObservation:
        return of_child(self._child, self._child_run(), now_s)

    def _plan(self, now_s: float) -> None:
        """Date and plan new debts, drop the plans of those that have ended."""
        self._outbox.date_debts(self._wall_clock())
        debts = [(notification, record.run) for notification, record in self._outbox.pending()]
        self._schedule.owe(debts, now_s)
        restarts = [(notification, run.container_id) for notification, run in debts if notification.restarts]
        for notification, container_id in self._schedule.throttle.owed_again(restarts, now_s):
            self._delivery_log.chained(notification, container_id)

    def _conclude(self, now_s: float) -> None:
        """After every step: plan, keep the outbox durably, show how things stand."""
        self._plan(now_s)
        known_ids = {record.run.container_id for record in self._outbox.records()}
        self._start_order.forget_all_but(self._matching_ids | known_ids)
        # Without notifications it is kept for the digest alone, which tells drift from what this program wrote.
        self._outbox_store.save(self._outbox, self._start_order.engine_ns_max if self._notifications else {})
        self._delivery_log.publish(self._outbox)

    def _due(self, now_s: float, *, heed_throttle: bool = True) -> list[DebtKey]:
        """What to deliver now: nothing before the first pass has found out whether a killed one replaced the file."""
        return [] if self._outbox.prepared is not None else self._schedule.due(now_s, heed_throttle=heed_throttle)

    def _begin(self, keys: Iterable[DebtKey], now_s: float) -> list[Begun]:
        """Record that the deliveries were begun."""
        begun = self._dispatcher.begin(keys, now_s)
        self._conclude(now_s)
        return begun
