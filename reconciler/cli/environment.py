"""The environment: `PYGEN_...` variables, each like one option; Docker's own, and docker-pygen's address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.backend.address import STANDARD_ADDRESS, EngineAddress
from reconciler.cli.catalogue import OPTIONS, Option, did_you_mean
from reconciler.cli.commands import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PREFIX = "PYGEN_"
CONTAINER_MARK = "PYGEN_TARGET"
"""Marks a container as a notification's receiver. The program may carry it as a container of its own."""

LEGACY_ADDRESS_VARIABLE = "DOCKER_ADDRESS"


def values_of(option: Option, environ: Mapping[str, str]) -> list[Any]:
    """The value of each occurrence that the option's variable holds; none where it is unset or empty.

    Raises:
        UsageError: what is written means nothing; the message names the variable.
    """
    written = environ.get(option.variable_name, "")
    try:
        return [option.value(words) for words in option.occurrences(written)] if written.strip() else []
    except ValueError as mistake:
        raise UsageError(f"{option.variable_name}: {mistake}") from mistake


def unknown_variables(environ: Mapping[str, str], options: Iterable[Option] = OPTIONS) -> list[str]:
    """One warning for each `PYGEN_` name that no option has, sorted by name. Values are never shown."""
    known = {option.variable_name for option in options}
    set_names = {name for name, value in environ.items() if name.startswith(PREFIX) and value.strip()}
    return [
        f"{name} in the environment is not a setting{did_you_mean(name, sorted(known), prefix=PREFIX)}: ignored"
        for name in sorted(set_names - known - {CONTAINER_MARK})
    ]


class ChosenAddress(NamedTuple):
    """The engine's address.

    Attributes:
        text: checked, as `reconciler.backend.address` takes it.
        warnings: that docker-pygen's variable gave it, or was overruled.
    """

    text: str
    warnings: list[str]


def choose_address(configured: str | None, source: str, environ: Mapping[str, str]) -> ChosenAddress:
    """Choose the engine: the option or its variable, docker-pygen's variable, DOCKER_HOST, or the standard socket.

    Args:
        configured: from the option or its variable; None where neither is given.
        source: where it is configured, for messages.
        environ: the environment.

    Raises:
        UsageError: the address that counts is malformed.
    """
    legacy = environ.get(LEGACY_ADDRESS_VARIABLE, "").strip()
    candidates = (
        (source, configured),
        (LEGACY_ADDRESS_VARIABLE, legacy),
        ("DOCKER_HOST", environ.get("DOCKER_HOST", "").strip()),
        ("the environment", STANDARD_ADDRESS),
    )
    where, text = next((where, text) for where, text in candidates if text)
    check_address(text, environ, where)
    return ChosenAddress(text, _legacy_warnings(is_used=not configured) if legacy else [])


def check_notify_address(text: str, source: str, environ: Mapping[str, str]) -> None:
    """Raise UsageError where signals can't be sent to the address: it is malformed, or a recorded state."""
    if text.startswith("file:"):
        raise UsageError(f"{source}: a recorded state can't be notified: give the address of an engine")
    check_address(text, environ, source)


def check_address(text: str, environ: Mapping[str, str], source: str) -> None:
    """Raise UsageError, naming the source, where the address or the TLS settings beside it can't be used."""
    try:
        EngineAddress.parse(text, environ)
    except ValueError as mistake:
        raise UsageError(f"{source}: {mistake}") from mistake


def _legacy_warnings(*, is_used: bool) -> list[str]:
    outcome = "is used as the engine's address" if is_used else "is ignored, because another setting gives the address"
    instead = "PYGEN_DOCKER_ADDRESS, --docker-address or DOCKER_HOST take its place"
    return [f"{LEGACY_ADDRESS_VARIABLE} in the environment {outcome}: {instead}"]
