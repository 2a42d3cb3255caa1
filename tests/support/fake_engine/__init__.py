"""A Docker engine for tests and benchmarks, written like production code: state, events, and faults on demand."""

from tests.support.fake_engine.control import RemoteFakeEngine
from tests.support.fake_engine.engine import FakeEngine
from tests.support.fake_engine.event_hub import Ending
from tests.support.fake_engine.world import DeliveredRestart, DeliveredSignal

__all__ = ["DeliveredRestart", "DeliveredSignal", "Ending", "FakeEngine", "RemoteFakeEngine"]
