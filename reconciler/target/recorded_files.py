"""The manifest of a set of files on its way to the disk and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from reconciler.target.manifest import Manifest, ManifestError, decode
from reconciler.target.problems import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class ManifestStore(Protocol):
    """Keeps the manifest."""

    def load(self) -> bytes | None:
        """What was saved last; None where nothing was. May raise OSError."""

    def save(self, data: bytes, *, is_durable: bool) -> None:
        """Keep it. May raise OSError."""


class RecordedFiles:
    """What a job knows of the files that it wrote. The disk is read when it is first asked for.

    Args:
        store: keeps the manifest.
        pattern: of the files' paths, for messages.
        beside: likewise: where the record is.
        warn: told of a record that can't be used.
    """

    def __init__(self, store: ManifestStore, *, pattern: str, beside: str, warn: Callable[[str], None]) -> None:
        self._store = store
        self._pattern = pattern
        self._beside = beside
        self._warn = warn
        self._loaded: tuple[Manifest, bool] | None = None

    @property
    def manifest(self) -> Manifest:
        """What was written until now; an empty one where that is not known."""
        return self._load()[0]

    @property
    def is_complete(self) -> bool:
        """Whether that is known: a file that is not among it is somebody else's then."""
        return self._load()[1]

    def __contains__(self, path: str) -> bool:
        """Whether a path is known."""
        return path in self.manifest.files

    def leave(self, path: str) -> None:
        """It is somebody else's until its element comes back."""
        files = self.manifest.files
        files[path] = files[path]._replace(is_left=True)

    def forget(self, paths: Iterable[str]) -> None:
        """They are gone, and none of ours if somebody makes them again."""
        for path in paths:
            del self.manifest.files[path]

    def save(self, manifest: Manifest, *, is_durable: bool) -> str:
        """Keep a manifest from now on; why it can't be kept, '' where it is."""
        try:
            self._store.save(manifest.encode(), is_durable=is_durable)
        except OSError as error:
            return f"the list of its files can't be saved: {explain(error, self._beside)}"
        self._loaded = manifest, True
        return ""

    def _load(self) -> tuple[Manifest, bool]:
        if self._loaded is None:
            try:
                data = self._store.load()
                self._loaded = (Manifest(), False) if data is None else (decode(data), True)
            except (OSError, ManifestError) as error:
                self._warn(
                    f"{self._pattern}: the list of the files that were written can't be read ({error}): what is there "
                    "for an element is taken over, and other files are not removed"
                )
                self._loaded = Manifest(), False
        return self._loaded
