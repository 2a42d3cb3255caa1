"""A target that is a set of files, one for each element: compared as a whole, written and removed one by one.

Each file is replaced as a single target's is. What may be written and removed is decided by the manifest on the disk.
A file of the set that somebody else edited is repaired, as any target is; one whose element is gone is removed if it
holds what this job wrote, and else left; one that was there before this job knew the path is not touched at all, so
that no container takes over a file by its name. A job that has no manifest yet, or lost it, takes over what its paths
hold.

One file's fault is its own: the others are kept in sync.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from models.file_set import FileSet, content_of, decode, files_of, folder_of
from reconciler.target.diff import LineCounts, count_lines
from reconciler.target.lock import FileLock
from reconciler.target.low_level import make_parents, remove_quietly, sync_folder
from reconciler.target.manifest import Manifest, digest_of
from reconciler.target.names import leftovers_of, set_path
from reconciler.target.outcome import (
    LockedElsewhere,
    LockOutcome,
    LockUnavailable,
    Missing,
    PartlyWritten,
    Present,
    TargetContent,
    WriteFailed,
    Written,
)
from reconciler.target.ownership import ANY_OWNERSHIP
from reconciler.target.problems import UnusableTargetError, explain
from reconciler.target.recorded_files import RecordedFiles
from reconciler.target.regular import read_regular, status_of
from reconciler.target.replace import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from reconciler.target.ownership import Ownership
    from reconciler.target.recorded_files import ManifestStore


class FileSetTarget:
    """The files of one job.

    Args:
        pattern: of the files' paths, as configured; absolute.
        store: keeps the manifest.
        taken: files that are none of this job's whatever they are called, with links followed.
        warn: called once for each problem that does not stop a write.
        tell: called with what was left behind, one line each.
        limit_bytes: the longest content that is ever written; of a longer file only the beginning is read.
        ownership: owner, group and mode that each file gets.

    Attributes:
        path: the pattern.
        problem: why some files can't be kept in sync, as of the last `wanted`; '' where all can.
        beside: the path beside which the lock and the states are.
    """

    is_file = True

    def __init__(
        self,
        pattern: str,
        store: ManifestStore,
        *,
        taken: Callable[[], Collection[str]] = frozenset,
        warn: Callable[[str], None],
        tell: Callable[[str], None],
        limit_bytes: int,
        ownership: Ownership = ANY_OWNERSHIP,
    ) -> None:
        self.path = pattern
        self.problem = ""
        self.beside = set_path(pattern)
        self._folder = folder_of(pattern)
        self._known = RecordedFiles(store, pattern=pattern, beside=self.beside, warn=warn)
        self._taken = taken
        self._warn = warn
        self._tell = tell
        self._limit_bytes = limit_bytes
        self._ownership = ownership
        self._lock = FileLock()
        self._warned: set[str] = set()
        self._elements: dict[str, str] = {}
        self._kept: set[str] = set()
        self._refused: dict[str, str] = {}
        self._seen: dict[str, bytes | None] = {}
        self._drifted: frozenset[str] = frozenset()

    @property
    def files(self) -> int:
        """How many files it keeps."""
        return sum(not each.is_left for each in self._known.manifest.files.values())

    def lock(self) -> LockOutcome:
        """Take the set for this program alone, and remove what a killed predecessor left."""
        outcome = self._lock.acquire(self.beside)
        if not isinstance(outcome, LockedElsewhere):
            for left in leftovers_of(self._known.manifest.files):
                remove_quietly(left)
        return outcome

    def close(self) -> None:
        """Release the lock."""
        self._lock.release()

    def read(self) -> TargetContent:
        """What the known files of the set hold, now; those that the last `wanted` refused are none of it."""
        known = self._known.manifest.files
        ours = [path for path, each in known.items() if not (each.is_left or path in self._refused)]
        self._seen = {path: self._held(path) for path in ours}
        if not self._known.is_complete:
            return Missing()
        held = {path: held for path, held in self._seen.items() if held is not None}
        self._drifted = frozenset(filter(self._has_drifted, held))
        return Present(content_of(held), bool(self._drifted))

    def wanted(self, content: bytes) -> bytes:
        """What the files should hold: those that were rendered, and those of elements that failed as they are.

        What can't be kept in sync is left out, and named in `problem`.
        """
        rendered = decode(content)
        self._elements = {each.path: each.element for each in rendered.files}
        self._refused = self._refusals(self._elements)
        files = {each.path: each.content for each in rendered.files if each.path not in self._refused}
        self._kept = self._files_of_failed(rendered) - self._elements.keys()
        for path in self._kept:
            if (held := self._held(path)) is not None:
                files[path] = held
        self.problem = _of_many(list(self._refused.values()))
        self._forget_missing(files)
        return content_of(files)

    def write(self, content: bytes) -> Written | PartlyWritten | WriteFailed:
        """Write what differs, then remove what is gone."""
        outcome = self._lock.acquire(self.beside)
        if isinstance(outcome, LockedElsewhere):
            return WriteFailed("replace", outcome.reason)
        if isinstance(outcome, LockUnavailable):
            self._warn_once(f"{outcome.reason}; make sure that no other program writes {self.path}")
        wanted = files_of(content)
        known = self._known.manifest
        new = {path: text for path, text in wanted.items() if path in self._drifted or self._seen_at(path) != text}
        found = [path for path in wanted if path not in new and (path not in known.files or known.files[path].is_left)]
        stays = wanted.keys() | self._kept | self._refused.keys()
        gone = [path for path, each in known.files.items() if not (path in stays or each.is_left)]
        announced = known.announce({path: digest_of(text) for path, text in new.items()}, found, self._elements)
        if failed := self._known.save(announced, is_durable=True):
            return WriteFailed("replace", failed)
        problems = {path: problem for path, text in new.items() if (problem := self._write_one(path, text))}
        problems |= self._remove(gone)
        self._settle({path: text for path, text in wanted.items() if path not in problems})
        if not problems:
            return Written("replace")
        reason = _of_many(list(problems.values()))
        if len(problems) == len(new) + len(gone):
            return WriteFailed("replace", reason)
        held = self.read()
        return PartlyWritten("replace", held.content if isinstance(held, Present) else b"", reason)

    def line_counts(self, old: bytes, new: bytes) -> LineCounts:
        """How many lines a change adds and removes, in all files together."""
        before, after = files_of(old) if old else {}, files_of(new)
        counts = [count_lines(before.get(path, b""), after.get(path, b"")) for path in {**before, **after}]
        return LineCounts(sum(each.added for each in counts), sum(each.removed for each in counts))

    # What is known

    def _files_of_failed(self, rendered: FileSet) -> set[str]:
        """Known files of elements that failed, whether or not they are there."""
        elements = frozenset(rendered.kept_elements)
        return {
            path
            for path, each in self._known.manifest.files.items()
            if not each.is_left
            and (rendered.keeps_all or path in rendered.kept_paths or (each.element and each.element in elements))
        }

    def _refusals(self, paths: Iterable[str]) -> dict[str, str]:
        """Why files can't be written, whatever they are to hold, by path."""
        found = self._led_elsewhere(paths)
        if self._known.is_complete:
            strange = (
                path for path in paths if path not in self._known and path not in found and os.path.lexists(path)
            )
            found |= {
                path: f"{path}: this file was there before, and is not pygen's; it is written once it is removed"
                for path in strange
            }
        return found

    def _led_elsewhere(self, paths: Iterable[str]) -> dict[str, str]:
        """Paths that lead to what is none of this set's, and where: out of the folder, or to another job's target."""
        taken, root = self._taken(), os.path.realpath(self._folder)
        inside = root if root.endswith("/") else f"{root}/"
        folders: dict[str, str] = {}
        found: dict[str, str] = {}
        for path in paths:
            folder, _, name = path.rpartition("/")
            if folder not in folders:
                folders[folder] = os.path.realpath(folder or "/")
            real = f"{folders[folder].rstrip('/')}/{name}"
            if not real.startswith(inside):
                found[path] = f"{path}: a link leads out of {self._folder}"
            elif real in taken:
                found[path] = f"{path}: it is the target of another job"
        return found

    def _forget_missing(self, wanted: Mapping[str, bytes]) -> None:
        """Files that are gone already, as their elements are, are none of ours if somebody makes them again."""
        alive = wanted.keys() | self._kept | self._refused.keys()
        known = self._known.manifest
        missing = [path for path in known.files if path not in alive and not os.path.lexists(path)]
        if missing:
            self._known.forget(missing)
            self._known.save(known, is_durable=False)

    def _held(self, path: str) -> bytes | None:
        """What a file holds; None where it is none, or can't be read: writing it says why."""
        try:
            return read_regular(path, self._limit_bytes)
        except (OSError, UnusableTargetError):
            return None

    def _has_drifted(self, path: str) -> bool:
        try:
            return self._ownership.has_drifted(path)
        except OSError:  # as above
            return False

    def _seen_at(self, path: str) -> bytes | None:
        """The same, as of the last `read` where the file was known then."""
        return self._seen[path] if path in self._seen else self._held(path)

    # What is done

    def _write_one(self, path: str, content: bytes) -> str:
        """Replace one file; why it could not be, '' where it was."""
        try:
            make_parents(path)
            replace(path, content, status_of(path), self._ownership, self._warn_once)
        except (OSError, UnusableTargetError) as error:
            return explain(error, path)
        return ""

    def _remove(self, paths: Sequence[str]) -> dict[str, str]:
        """Remove files whose elements are gone, if they are as this job wrote them; why some can't be, by path."""
        elsewhere = self._led_elsewhere(paths)
        problems = {}
        for path in paths:
            try:
                is_removed = path not in elsewhere and self._remove_as_written(path)
            except OSError as error:
                problems[path] = explain(error, path)
                continue
            if is_removed:
                self._known.forget([path])
            else:
                self._tell(f"{path} stays, although its element is gone: somebody else changed it")
                self._known.leave(path)
        return problems

    def _remove_as_written(self, path: str) -> bool:
        """Whether it is gone now, or was; not where somebody changed it, or put a link or a folder in its place."""
        try:
            held = read_regular(path, self._limit_bytes)
            if not self._known.manifest.may_remove(path, digest_of(held)):
                return False
            os.unlink(path)  # noqa: PTH108 - plain strings all through
        except (FileNotFoundError, NotADirectoryError):
            return True
        except UnusableTargetError:
            return False
        sync_folder(os.path.dirname(path), self._warn_once)  # noqa: PTH120
        return True

    def _settle(self, done: Mapping[str, bytes]) -> None:
        """Record what became of it. Where that fails, what was announced stands: it only knows more than is needed."""
        files = self._known.manifest.files
        for path, content in done.items():
            if len(files[path].digests) > 1:
                files[path] = files[path]._replace(digests=(digest_of(content),))
        self._known.save(Manifest(files), is_durable=False)

    def _warn_once(self, message: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            self._warn(message)


def _of_many(problems: list[str]) -> str:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{problems[0]}{more}" if problems else ""
