"""The effective settings as one line for the log, without a secret in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from templating.addresses import is_address, shown_address

if TYPE_CHECKING:
    from reconciler.cli.settings import EngineSettings, JobSettings, ProgramSettings, Settings


def effective_settings(settings: Settings, job: JobSettings) -> str:
    """What the program will do for a job, in the words of its options.

    A template may hold secrets, in its text or in its address; an engine's address with credentials is refused before.
    """
    program, engines = settings.program, settings.engines
    parts = {
        "template": template_name(job.template),
        "target": job.target,
        "notify": ", ".join(map(str, job.notifications)) or "nobody",
        "interval": f"{job.interval.min_s:g} {job.interval.max_s:g}",
        "resync": f"{program.resync_s:g}",
        "engine": ", ".join(engine.docker_address for engine in engines),
        "notify-engine": ", ".join(filter(None, map(_notify_engine, engines))),
        "metrics": "off" if program.metrics is None or program.one_shot else str(program.metrics),
        "status": " ".join(program.status_hosts) if program.status_page else "off",
        "state-dir": "" if program.state_dir is None else str(program.state_dir),
        "signal-via": job.signal_via,
        "render-limits": f"{job.render_time_limit_s:g} s, {job.render_size_limit_bytes} bytes",
        "render-memory-limit": _size(job.render_memory_limit_bytes),
        "render-user": _if_differs(program.render_user, "nobody"),
        "modes": " ".join(_modes(program, job)),
    }
    return "; ".join(f"{name}: {value}" for name, value in parts.items() if value)


def template_name(template: str) -> str:
    """How a template is called in messages: an inline one by its size, an address without user, password and query."""
    if template.startswith("#"):
        return f"inline, {len(template)} characters"
    if is_address(template):
        return shown_address(template).partition("?")[0]
    return template


def _size(size_bytes: int | None) -> str:
    return "" if size_bytes is None else f"{size_bytes} bytes"


def _if_differs(text: str, usual: str) -> str:
    return "" if text == usual else text


def _notify_engine(engine: EngineSettings) -> str:
    return _if_differs(engine.notify_docker_address, engine.docker_address)


def _modes(program: ProgramSettings, job: JobSettings) -> list[str]:
    given = {"one-shot": program.one_shot, "strict": job.strict, "debug": program.debug}
    return [name for name, is_on in given.items() if is_on]
