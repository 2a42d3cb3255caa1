"""Owner, group and mode of targets of a program that is root: of one file, and of one for each container."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from tests.support.running_program import ReaderContainer
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.process import PygenProcess
    from tests.support.real_engine import RealEngine


def _has(path: Path) -> tuple[int, int, int] | None:
    """Uid, gid and mode of a file, None where there is none."""
    if not path.exists():
        return None
    status = path.stat()
    return status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)


def test_drift_is_put_right_and_no_reader_is_told(
    engine: RealEngine, pygen: Callable[..., PygenProcess], tmp_path: Path
) -> None:
    """A reader that runs as their owner is told of contents alone; a job without the keys keeps what people set."""
    shared = tmp_path / "shared"
    shared.mkdir()
    target, plain, element = shared / "target", shared / "plain", shared / "reader.one"
    (tmp_path / "pygen.toml").write_text(
        f'[engine]\ndocker_address = "{engine.address}"\nresync = 0.5\n'
        "[defaults]\ninterval = 0\ntemplate = \"#{{ containers|map(attribute='name')|join }}\"\n"
        '[[job]]\ntarget = "shared/target"\nowner = 1234\ngroup = "2345"\nmode = 0o640\n'
        'notify = [{ signal = "HUP", container = "reader" }]\n'
        '[[job]]\ntarget = "shared/plain"\n'
        '[[job]]\nfor_each = "containers"\ntarget = "shared/{{ item.name }}.one"\nowner = 4321\nmode = "0600"\n'
    )
    reader = ReaderContainer(engine, shared, config={"User": "1234:2345"})
    program = pygen("--config", tmp_path / "pygen.toml")
    program.wait_ready()
    reader.await_told("reader")
    assert _has(target) == (1234, 2345, 0o640)
    assert _has(element) == (4321, os.getegid(), 0o600)
    told = reader.signals_until_now()
    plain.chmod(0o604)
    os.chown(target, 0, 0)
    element.chmod(0o644)
    wait_for(lambda: _has(target) == (1234, 2345, 0o640), what=lambda: f"the owner to be back: {_has(target)}")
    wait_for(lambda: _has(element) == (4321, os.getegid(), 0o600), what=lambda: f"the mode to be back: {_has(element)}")
    program.wait_for_log("drift of owner or mode")
    drift = {"cause": "drift", "target": str(tmp_path / "shared/target")}
    program.wait_for(lambda: program.metric("pygen_diffs_total", **drift) == 1, what="the drift to be counted")
    assert reader.signals_until_now() == told
    engine.run("second")
    reader.await_told("readersecond")
    assert _has(target) == (1234, 2345, 0o640)
    assert _has(plain) == (0, 0, 0o604)
    assert program.stop() == 0
