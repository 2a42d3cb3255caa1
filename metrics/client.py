"""prometheus_client's instruments, without the servers, TLS and gateways that importing the package brings along.

Its `__init__` imports `http.server`, `ssl` and `urllib.request`: a third of what a start spends on imports, for
functions of which only one is used here, by the first scrape. So the package is made known without being executed, and
its modules are imported by their own names. Whoever asks the package itself for something has it executed then.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

_NAME = "prometheus_client"


class _NotExecuted(ModuleType):
    """A package that executes its `__init__` when it is asked for something that is none of its modules."""

    def __getattr__(self, name: str) -> Any:
        if importlib.util.find_spec(f"{_NAME}.{name}") is not None:
            return importlib.import_module(f"{_NAME}.{name}")
        spec = self.__spec__
        self.__class__ = ModuleType  # type: ignore[assignment] # an ordinary module from now on
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module(self)
        return getattr(self, name)


def _make_known() -> None:
    spec = importlib.util.find_spec(_NAME) if _NAME not in sys.modules else None
    if spec is not None:
        package = importlib.util.module_from_spec(spec)
        package.__class__ = _NotExecuted
        sys.modules[_NAME] = package


_make_known()

from prometheus_client.gc_collector import GCCollector  # noqa: E402 - only after the package is known
from prometheus_client.metrics import Counter, Gauge, Histogram, disable_created_metrics  # noqa: E402
from prometheus_client.platform_collector import PlatformCollector  # noqa: E402
from prometheus_client.process_collector import ProcessCollector  # noqa: E402
from prometheus_client.registry import CollectorRegistry  # noqa: E402

__all__ = [
    "CollectorRegistry",
    "Counter",
    "GCCollector",
    "Gauge",
    "Histogram",
    "PlatformCollector",
    "ProcessCollector",
    "disable_created_metrics",
]
