"""The program with configuration files, and a fake engine that remembers whom it told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.fake_engine import FakeEngine
from tests.support.process import PygenProcess

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Literal, Self

    from tests.support.fake_engine.container import FakeContainer

NAMES = "{% for c in containers %}{{ c.name }} {% endfor %}"


class TellingEngine(FakeEngine):
    """Remembers which containers got a signal."""

    def __init__(self) -> None:
        self.told: list[str] = []
        super().__init__()

    def signal_process(self, container: FakeContainer, signal: str, via: Literal["kill", "exec"]) -> None:
        super().signal_process(container, signal, via)
        self.told.append(container.name)


class Configured:
    """The program with a configuration file, and an engine with the containers `web` and `reader`.

    Nothing is written or started yet; a `with` ends both.

    Args:
        folder: where everything is; other users may enter it.
    """

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        self.folder = folder
        self.file = folder / "pygen.toml"
        self.engine = TellingEngine()
        self.engine.start()
        self.engine.add_container("web")
        self.engine.add_container("reader")
        self._program: PygenProcess | None = None

    @property
    def program(self) -> PygenProcess:
        assert self._program is not None
        return self._program

    def configure(self, *jobs: str, top: str = "") -> None:
        """Write the file; a job is its name, and further keys after a blank line."""
        text = f'{top}\n[engine]\ndocker_address = "{self.engine.address}"\nresync = 3600\n'
        for job in jobs:
            name, _, more = job.partition("\n")
            text += f'[[job]]\nname = "{name}"\ntarget = "{name}.out"\ninterval = 0\n'
            text += (more if "template" in more else f'template = "#{name}: {NAMES}"\n{more}') + "\n"
        self.replace(text)

    def replace(self, text: str) -> None:
        """As an editor does it."""
        unfinished = self.folder / "pygen.toml.new"
        unfinished.write_text(text)
        unfinished.rename(self.file)

    def start(self, *, is_ready: bool = True) -> PygenProcess:
        self._program = PygenProcess(["--config", self.file], folder=self.folder)
        self._program.wait_for(lambda: self.program.get("/readyz")[0] in ({200} if is_ready else {200, 503}))
        return self._program

    def target(self, name: str) -> str:
        path = self.folder / f"{name}.out"
        return path.read_text() if path.exists() else ""

    def await_target(self, name: str, text: str) -> None:
        self.program.wait_for(lambda: self.target(name) == text, what=f"{text!r} in {name}")

    def count(self, metric: str, job: str, /, **labels: str) -> float:
        """A metric of a job."""
        return self.program.metric(metric, target=str(self.folder / f"{job}.out"), **labels)

    def series(self, job: str) -> list[str]:
        """Every series that names a job's target."""
        return [name for name in self.program.metrics() if f"{job}.out" in name]

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.program.get("/status.json")[1])
        return found

    def open_descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.program.pid}/fd").iterdir()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._program is not None and self._program.running:
            self._program.kill()
        self.engine.close()
