"""What a template may ask of the world outside: settings, files, folders and owners, each looked at once a pass."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from templating.errors import TemplateUsageError
from templating.sandbox.undefined import NOTHING, Blank
from templating.sandbox.writing import describe
from templating.text_encoding import other_encoding, without_mark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from templating.owner import Owner
    from templating.watching import FileWatch

SECRETS = Path("/run/secrets")


class ConfigFiles:
    """The functions for one renderer.

    Args:
        watch: reads and remembers.
        environ: the process's environment variables.
        warn: is told of a file that is there and cannot be read; never its content.
        secrets: the folder of secrets.
    """

    def __init__(
        self,
        watch: FileWatch,
        environ: Mapping[str, str],
        warn: Callable[[str], None],
        secrets: Path = SECRETS,
    ) -> None:
        self._watch = watch
        self._environ = environ
        self._warn = warn
        self._secrets = secrets
        self._texts: dict[Path, str | None] = {}
        self._exists: dict[Path, bool] = {}
        self._names: dict[Path, tuple[str, ...]] = {}
        self._owners: dict[Path, Owner | None] = {}

    def begin(self) -> None:
        """A new pass begins: look at everything anew."""
        self._watch.forget()
        self._texts.clear()
        self._exists.clear()
        self._names.clear()
        self._owners.clear()

    def functions(self) -> dict[str, Callable[..., Any]]:
        """What templates call, by name."""
        return {
            "read_config": self.read_config,
            "exists": self.exists,
            "list_dir": self.list_dir,
            "owner": self.owner,
        }

    def read_config(
        self,
        key: Any,
        path: Any = None,
        default: Any = None,
        single_config: Any = False,  # noqa: FBT002 - the signature is docker-pygen's
        fallback_to_env: Any = True,  # noqa: FBT002
    ) -> Any:
        """A setting: from the file, then the environment, then `/run/secrets/KEY`, then the default.

        Args:
            key: its name.
            path: a file of `KEY=value` lines.
            default: what it is where it is found nowhere.
            single_config: the whole file is the setting.
            fallback_to_env: whether the environment is asked at all.
        """
        name = _text(key, "read_config")
        text = self._text_of(Path(_text(path, "read_config"))) if path else None
        found = text if single_config or text is None else _setting(text, name)
        if found is None and fallback_to_env:
            found = self._environ.get(name)
        if found is None:
            found = self._secret(name)
        return default if found is None else found

    def exists(self, path: Any) -> bool:
        """Whether there is a file, a folder or anything else at a path."""
        asked = Path(_text(path, "exists"))
        if asked not in self._exists:
            self._exists[asked] = self._watch.exists(asked)
        return self._exists[asked]

    def list_dir(self, path: Any) -> list[str]:
        """The names in a folder, sorted; empty where there is no such folder."""
        asked = Path(_text(path, "list_dir"))
        if asked not in self._names:
            self._names[asked] = self._watch.names_in(asked)
        return list(self._names[asked])

    def owner(self, path: Any) -> Any:
        """Whose a file or folder is; undefined where there is none, or it cannot be seen."""
        asked = Path(_text(path, "owner"))
        if asked not in self._owners:
            self._owners[asked] = self._watch.owner_of(asked)
        return self._owners[asked] or NOTHING

    def _secret(self, name: str) -> str | None:
        # A secret is a file of that name in that folder, and never one that a name leads to elsewhere.
        if not name or "/" in name or name in {".", ".."}:
            return None
        text = self._text_of(self._secrets / name)
        return None if text is None else text.removesuffix("\n")

    def _text_of(self, path: Path) -> str | None:
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def _read(self, path: Path) -> str | None:
        try:
            content = self._watch.read(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self._warn(f"read_config: {path} cannot be read: {error.strerror}")
            return None
        encoding = other_encoding(content)
        if encoding:
            raise TemplateUsageError(f"read_config: the file is {encoding}, not UTF-8; save it as UTF-8")
        return without_mark(content).decode("utf-8", "surrogateescape").replace("\r\n", "\n")


def _setting(text: str, key: str) -> str | None:
    for line in text.split("\n"):
        if line.startswith(f"{key}="):
            return line.partition("=")[2].strip()
    return None


def _text(value: Any, name: str) -> str:
    if isinstance(value, Blank):
        return str(value)
    if not isinstance(value, str):
        raise TemplateUsageError(f"{name} takes a text, not {describe(value)}")
    if "\0" in value:
        raise TemplateUsageError(f"{name}: a path or name with NUL in it")
    return value
