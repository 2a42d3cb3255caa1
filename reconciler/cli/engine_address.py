"""Which engine: the option, PYGEN_DOCKER_ADDRESS, docker-pygen's DOCKER_ADDRESS, DOCKER_HOST, the standard socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reconciler.backend.address import STANDARD_ADDRESS, EngineAddress
from reconciler.cli.commands import UsageError
from reconciler.cli.legacy import LEGACY_ADDRESS_VARIABLE, legacy_address

if TYPE_CHECKING:
    from collections.abc import Mapping


class ChosenAddress(NamedTuple):
    """The engine's address.

    Attributes:
        text: checked, as `reconciler.backend.address` takes it.
        legacy: whether docker-pygen's variable gave it.
    """

    text: str
    legacy: bool


def choose_address(configured: str | None, source: str, environ: Mapping[str, str]) -> ChosenAddress:
    """Choose the engine's address.

    Args:
        configured: from the option or its variable; None where neither is given.
        source: where it is configured, for messages.
        environ: the environment.

    Raises:
        UsageError: the address that counts is malformed.
    """
    legacy = "" if configured else legacy_address(environ)
    host = environ.get("DOCKER_HOST", "").strip()
    candidates = (
        (source, configured),
        (LEGACY_ADDRESS_VARIABLE, legacy),
        ("DOCKER_HOST", host),
        ("the environment", STANDARD_ADDRESS),
    )
    where, text = next((where, text) for where, text in candidates if text)
    check_address(text, environ, where)
    return ChosenAddress(text, legacy=bool(legacy))


def check_notify_address(text: str, source: str, environ: Mapping[str, str]) -> None:
    """Raise UsageError where signals can't be sent to the address: it is malformed, or a recorded state."""
    if text.startswith("file:"):
        raise UsageError(f"{source}: a recorded state can't be told anything: give the address of an engine")
    check_address(text, environ, source)


def check_address(text: str, environ: Mapping[str, str], source: str) -> None:
    """Raise UsageError, naming the source, where the address or the TLS settings beside it can't be used."""
    try:
        EngineAddress.parse(text, environ)
    except ValueError as mistake:
        raise UsageError(f"{source}: {mistake}") from mistake
