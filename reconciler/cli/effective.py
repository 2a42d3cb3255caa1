"""The effective settings as one line for the log, without a secret in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from templating.addresses import is_address, shown_address

if TYPE_CHECKING:
    from reconciler.cli.settings import Settings


def effective_settings(settings: Settings) -> str:
    """What the program will do, in the words of its options.

    A template may hold secrets, in its text or in its address; an engine's address with credentials is refused before.
    """
    told = ", ".join(str(notification) for notification in settings.notifications) or "nobody"
    parts = {
        "template": template_name(settings.template),
        "target": settings.target,
        "notify": told,
        "interval": f"{settings.interval.min_s:g} {settings.interval.max_s:g}",
        "resync": f"{settings.resync_s:g}",
        "engine": settings.docker_address,
        "notify-engine": _if_differs(settings.notify_docker_address, settings.docker_address),
        "metrics": "off" if settings.metrics is None or settings.one_shot else str(settings.metrics),
        "status": " ".join(settings.status_hosts) if settings.status_page else "off",
        "state-dir": "" if settings.state_dir is None else str(settings.state_dir),
        "signal-via": settings.signal_via,
        "render-limits": f"{settings.render_time_limit_s:g} s, {settings.render_size_limit_bytes} bytes",
        "render-memory-limit": _size(settings.render_memory_limit_bytes),
        "render-user": _if_differs(settings.render_user, "nobody"),
        "modes": " ".join(_modes(settings)),
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


def _modes(settings: Settings) -> list[str]:
    given = {"one-shot": settings.one_shot, "strict": settings.strict, "debug": settings.debug}
    return [name for name, is_on in given.items() if is_on]
