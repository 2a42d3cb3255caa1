"""A set of files: written one by one, removed only where they are this job's own and unchanged."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from models.file_set import FileSet, SetFile, content_of, files_of, folder_of
from reconciler.target import file_set as module
from reconciler.target.file_set import FileSetTarget
from reconciler.target.manifest import Kept, Manifest, ManifestError, decode
from reconciler.target.outcome import (
    Locked,
    LockedElsewhere,
    Missing,
    PartlyWritten,
    Present,
    WriteFailed,
    Written,
)
from reconciler.target.state_file import MemoryStore, open_manifest
from tests.support.examples import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any

LIMIT = 1000


class Folder:
    """A set in a folder, of the pattern `sites/{{ item }}`."""

    def __init__(self, root: Path, store: MemoryStore | None = None, taken: Collection[str] = ()) -> None:
        self.root = root
        self.sites = root / "sites"
        self.store = store or MemoryStore()
        self.warnings: list[str] = []
        self.told: list[str] = []
        self.taken = taken
        self.target = self.another()

    def start(self) -> FileSetTarget:
        """The program ends and starts anew: what it kept is on the disk."""
        self.target.close()
        self.target = self.another()
        return self.target

    def another(self) -> FileSetTarget:
        """A program that keeps the same set."""
        return FileSetTarget(
            f"{self.sites}/{{{{ item }}}}",
            self.store,
            taken=lambda: self.taken,
            warn=self.warnings.append,
            tell=self.told.append,
            limit_bytes=LIMIT,
        )

    def apply(self, files: Mapping[str, str], **kept: Any) -> Written | PartlyWritten | WriteFailed | None:
        """One pass, as the loop makes it; None where nothing differed."""
        wanted = self.target.wanted(self.rendered(files, **kept))
        read = self.target.read()
        if isinstance(read, Present) and read.content == wanted:
            return None
        return self.target.write(wanted)

    def rendered(self, files: Mapping[str, str], **kept: Any) -> bytes:
        """What the render process gave: names and contents, elements are the names' own ids."""
        found = [SetFile(str(self.sites / name), text.encode(), f"id-{name}") for name, text in sorted(files.items())]
        return FileSet(tuple(found), **kept).encode()

    def on_disk(self) -> dict[str, str]:
        """What people see."""
        found = [path for path in self.sites.rglob("*") if path.is_file() and not path.name.startswith(".")]
        return {str(path.relative_to(self.sites)): path.read_text() for path in found}

    @property
    def manifest(self) -> dict[str, Kept]:
        """By the file's name."""
        data = self.store.load()
        assert data is not None
        return {os.path.relpath(path, self.sites): each for path, each in decode(data).files.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Nothing is there yet."""
    return Folder(tmp_path)


def test_files_come_change_and_go(folder: Folder) -> None:
    """What does not differ is not written, and nothing else in the folder is looked at."""
    assert isinstance(folder.target.read(), Missing)
    assert folder.apply({"a": "1", "b": "1"}) == Written("replace")
    assert folder.on_disk() == {"a": "1", "b": "1"}
    inode = (folder.sites / "b").stat().st_ino
    (folder.sites / "else").write_text("somebody's")
    assert folder.apply({"a": "2", "b": "1"}) == Written("replace")
    assert (folder.sites / "b").stat().st_ino == inode
    assert folder.apply({"b": "1"}) == Written("replace")
    assert folder.on_disk() == {"b": "1", "else": "somebody's"}
    assert folder.apply({"b": "1"}) is None
    assert folder.target.files == 1
    assert folder.target.problem == ""


def test_an_empty_set_removes_all_that_were_written(folder: Folder) -> None:
    """Also after a restart; a set that is empty from the start is known as such."""
    folder.apply({"a": "1"})
    folder.start()
    assert folder.apply({}) == Written("replace")
    assert folder.on_disk() == {}
    folder.start()
    assert folder.target.read() == Present(content_of({}))
    assert folder.apply({}) is None


def test_folders_are_made(folder: Folder) -> None:
    """A pattern may have a folder for each element."""
    folder.apply({"team/a": "1", "team/b": "2"})
    assert folder.on_disk() == {"team/a": "1", "team/b": "2"}
    folder.apply({"team/b": "2"})
    assert folder.on_disk() == {"team/b": "2"}


def test_an_edited_file_is_repaired(folder: Folder) -> None:
    """It is drift: what is read differs from what was left."""
    folder.apply({"a": "1", "b": "1"})
    before = folder.target.read()
    (folder.sites / "a").write_text("by hand")
    (folder.sites / "b").unlink()
    assert folder.target.read() != before
    assert folder.apply({"a": "1", "b": "1"}) == Written("replace")
    assert folder.on_disk() == {"a": "1", "b": "1"}


def test_a_file_that_somebody_changed_is_left_with_one_line(folder: Folder) -> None:
    """Nothing more is said of it, also after a restart, and it is this job's again when its element comes back."""
    folder.apply({"a": "1", "b": "1"})
    (folder.sites / "a").write_text("by hand")
    assert folder.apply({"b": "1"}) == Written("replace")
    assert folder.on_disk() == {"a": "by hand", "b": "1"}
    assert folder.told == [f"{folder.sites}/a stays, although its element is gone: somebody else changed it"]
    assert folder.apply({"b": "1"}) is None
    folder.start()
    assert folder.apply({"b": "1"}) is None
    assert folder.apply({"b": "2"}) == Written("replace")
    assert len(folder.told) == 1
    assert folder.target.files == 1
    assert folder.apply({"a": "1", "b": "2"}) == Written("replace")
    assert folder.on_disk() == {"a": "1", "b": "2"}
    assert folder.apply({"b": "2"}) == Written("replace")
    assert folder.on_disk() == {"b": "2"}


def test_a_left_file_that_holds_what_it_should_is_taken_back(folder: Folder) -> None:
    """Nothing is written, and the set is in sync."""
    folder.apply({"a": "1"})
    (folder.sites / "a").write_text("2")
    folder.apply({})
    folder.apply({"a": "2"})
    assert folder.apply({"a": "2"}) is None
    assert folder.target.files == 1


def test_a_file_that_somebody_made_anew_is_not_this_job_s(folder: Folder) -> None:
    """It was removed, its element went, and it is there again, byte by byte: nobody asked pygen to write it."""
    folder.apply({"a": "1", "b": "1"})
    (folder.sites / "a").unlink()
    assert folder.apply({"b": "1"}) is None
    (folder.sites / "a").write_text("1")
    folder.apply({"b": "2"})
    assert folder.on_disk() == {"a": "1", "b": "2"}


@pytest.mark.parametrize("in_its_place", ["link", "folder"])
def test_what_was_put_in_a_file_s_place_stays(folder: Folder, in_its_place: str) -> None:
    """It is not what this job wrote, whatever it leads to."""
    folder.apply({"a": "1", "b": "1"})
    (folder.sites / "a").unlink()
    if in_its_place == "link":
        (folder.root / "elsewhere").write_text("1")
        (folder.sites / "a").symlink_to(folder.root / "elsewhere")
    else:
        (folder.sites / "a").mkdir()
    for text in ("2", "3"):
        assert folder.apply({"b": text}) == Written("replace")
    assert os.path.lexists(folder.sites / "a")
    assert len(folder.told) == 1


def test_a_file_that_was_there_before_is_not_taken_over(folder: Folder) -> None:
    """A container is called as an operator's file is: that is told, and the others are kept in sync."""
    folder.apply({"a": "1"})
    (folder.sites / "default").write_text("the operator's")
    assert folder.apply({"a": "2", "default": "hostile"}) == Written("replace")
    assert folder.on_disk() == {"a": "2", "default": "the operator's"}
    assert folder.target.problem == (
        f"{folder.sites}/default: this file was there before, and is not pygen's; it is written once it is removed"
    )
    assert folder.apply({"a": "2", "default": "hostile"}) is None
    assert folder.apply({"a": "2"}) is None
    assert folder.on_disk() == {"a": "2", "default": "the operator's"}
    (folder.sites / "default").unlink()
    folder.apply({"a": "2", "default": "mine"})
    assert folder.target.problem == ""
    assert folder.on_disk() == {"a": "2", "default": "mine"}


def test_without_a_manifest_what_is_there_is_taken_over(folder: Folder) -> None:
    """The first pass, as for any target. What held the right bytes already is kept in sync, and not removed later."""
    folder.sites.mkdir()
    (folder.sites / "a").write_text("other")
    (folder.sites / "b").write_text("1")
    assert folder.apply({"a": "1", "b": "1"}) == Written("replace")
    assert folder.on_disk() == {"a": "1", "b": "1"}
    assert folder.apply({"a": "1", "b": "1"}) is None
    assert folder.apply({}) == Written("replace")
    assert folder.on_disk() == {"b": "1"}
    assert folder.told == [f"{folder.sites}/b stays, although its element is gone: somebody else changed it"]


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"version": 2, "files": {}}', b'{"version": 1, "files": {"a": 1}}']
)
def test_a_manifest_that_is_lost_removes_nothing(folder: Folder, data: bytes) -> None:
    """It is told, elements' files are kept in sync again, and files of elements that are gone stay."""
    folder.apply({"a": "1", "b": "1"})
    folder.store.save(data)
    folder.start()
    with pytest.raises(ManifestError):
        decode(data)
    assert isinstance(folder.target.read(), Missing)
    folder.apply({"b": "2"})
    assert folder.on_disk() == {"a": "1", "b": "2"}
    assert len(folder.warnings) == 1
    assert "can't be read" in folder.warnings[0]


def test_files_of_elements_that_fail_are_kept(folder: Folder) -> None:
    """By their path, by their container, or all where nothing tells which."""
    folder.apply({"a": "1", "b": "1", "c": "1"})
    at_a = str(folder.sites / "a")
    assert folder.apply({"c": "1"}, kept_paths=(at_a,), kept_elements=("id-b",)) is None
    assert folder.apply({"c": "2"}, keeps_all=True) == Written("replace")
    assert folder.on_disk() == {"a": "1", "b": "1", "c": "2"}
    assert folder.apply({"c": "2"}, kept_paths=(at_a,)) == Written("replace")
    assert folder.on_disk() == {"a": "1", "c": "2"}


def test_a_file_that_is_missing_while_its_element_fails_is_still_this_job_s(folder: Folder) -> None:
    """Somebody removed it and put another one there: that is drift, once the element renders again."""
    folder.apply({"a": "1", "b": "1"})
    (folder.sites / "a").unlink()
    assert folder.apply({"b": "2"}, kept_paths=(str(folder.sites / "a"),)) == Written("replace")
    (folder.sites / "a").write_text("by hand")
    assert folder.apply({"a": "1", "b": "2"}) == Written("replace")
    assert folder.on_disk() == {"a": "1", "b": "2"}
    assert folder.target.problem == ""


def test_another_job_s_target_is_never_written(tmp_path: Path) -> None:
    """Whatever a container is called, and by way of a link, too."""
    (tmp_path / "sites").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "sites")
    folder = Folder(tmp_path, taken={str(tmp_path / "sites" / "main")})
    folder.sites = tmp_path / "link"
    folder.start()
    assert folder.apply({"main": "hostile", "a": "1"}) == Written("replace")
    assert folder.on_disk() == {"a": "1"}
    assert folder.target.problem == f"{folder.sites}/main: it is the target of another job"


def test_nothing_is_removed_by_way_of_a_link(folder: Folder) -> None:
    """The folder of a file that this job wrote is a link now, to a file that holds the very same."""
    folder.apply({"team/a": "1", "b": "1"})
    outside = folder.root / "outside"
    (folder.sites / "team").rename(outside)
    (folder.sites / "team").symlink_to(outside)
    assert folder.apply({"team/a": "1", "b": "2"}) == Written("replace")
    assert folder.target.problem == f"{folder.sites}/team/a: a link leads out of {folder.sites}"
    assert folder.apply({"team/a": "1", "b": "2"}) is None
    assert folder.apply({"b": "2"}) == Written("replace")
    assert (outside / "a").read_text() == "1"
    assert len(folder.told) == 1


def test_a_file_that_became_another_job_s_target_is_not_removed(folder: Folder) -> None:
    """The configuration changed: whoever keeps it now finds it as it is."""
    folder.apply({"main": "1", "b": "1"})
    folder.taken = {os.path.realpath(folder.sites / "main")}
    assert folder.apply({"main": "1", "b": "2"}) == Written("replace")
    assert folder.on_disk() == {"main": "1", "b": "2"}
    assert folder.apply({"main": "1", "b": "2"}) is None
    assert folder.apply({"b": "3"}) == Written("replace")
    assert folder.on_disk() == {"main": "1", "b": "3"}


def test_a_link_does_not_lead_out_of_the_folder(folder: Folder) -> None:
    """A folder in it that leads elsewhere, as a container may have made it."""
    outside = folder.root / "outside"
    outside.mkdir()
    folder.sites.mkdir()
    (folder.sites / "team").symlink_to(outside)
    assert folder.apply({"team/a": "1", "b": "1"}) == Written("replace")
    assert list(outside.iterdir()) == []
    assert folder.target.problem == f"{folder.sites}/team/a: a link leads out of {folder.sites}"
    assert folder.on_disk() == {"b": "1"}


def test_one_file_that_cannot_be_written_costs_the_others_nothing(folder: Folder) -> None:
    """What the set holds now is told, for its readers are owed that."""
    folder.apply({"a": "1", "b": "1"})
    (folder.sites / "a").unlink()
    (folder.sites / "a").mkdir()
    outcome = folder.apply({"a": "2", "b": "2"})
    assert isinstance(outcome, PartlyWritten)
    assert files_of(outcome.content) == {f"{folder.sites}/b": b"2"}
    assert outcome.reason.startswith(f"{folder.sites}/a: is a directory")
    assert folder.apply({"a": "2", "b": "2"}) == WriteFailed("replace", outcome.reason)
    (folder.sites / "a").rmdir()
    assert folder.apply({"a": "2", "b": "2"}) == Written("replace")
    assert folder.on_disk() == {"a": "2", "b": "2"}


class FullStore(MemoryStore):
    """It refuses from a certain save on."""

    def __init__(self) -> None:
        super().__init__()
        self.saves_left = 1000

    def save(self, data: bytes, *, is_durable: bool = True) -> None:
        if self.saves_left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere")
        self.saves_left -= 1
        super().save(data, is_durable=is_durable)


def test_nothing_is_written_that_is_not_recorded_before(tmp_path: Path) -> None:
    """It could not be removed later. Where only the end can't be recorded, what was announced suffices."""
    store = FullStore()
    folder = Folder(tmp_path, store)
    store.saves_left = 0
    outcome = folder.apply({"a": "1"})
    assert isinstance(outcome, WriteFailed)
    assert "can't be saved" in outcome.reason
    assert folder.on_disk() == {}
    store.saves_left = 1
    assert folder.apply({"a": "1"}) == Written("replace")
    store.saves_left = 1000
    folder.start()
    assert folder.apply({}) == Written("replace")
    assert folder.on_disk() == {}


def test_two_programs_do_not_keep_one_set(folder: Folder) -> None:
    """The second one is refused, until the first one lets go."""
    assert folder.target.lock() == Locked()
    first, folder.target = folder.target, folder.another()
    assert isinstance(folder.target.lock(), LockedElsewhere)
    assert isinstance(folder.apply({"a": "1"}), WriteFailed)
    first.close()
    assert folder.target.lock() == Locked()
    assert folder.apply({"a": "1"}) == Written("replace")
    folder.target.close()


def test_what_a_killed_program_left_is_removed(folder: Folder) -> None:
    """Temporary files of the set's own files, and of no others."""
    folder.apply({"team/a": "1"})
    ours, other = folder.sites / "team/.a.0123abcd.tmp.pygen", folder.sites / "team/.b.0123abcd.tmp.pygen"
    for each in (ours, other):
        each.write_text("half")
    folder.start().lock()
    assert not ours.exists()
    assert other.exists()
    folder.target.close()


def test_lines_are_those_of_all_files(folder: Folder) -> None:
    """Added and removed, whatever the files are called."""
    old = content_of({"/a": b"1\n2\n", "/b": b"x\n"})
    new = content_of({"/a": b"1\n3\n", "/c": b"y\nz\n"})
    counts = folder.target.line_counts(old, new)
    assert (counts.added, counts.removed) == (3, 2)
    assert folder.target.line_counts(b"", new).added == 4


def test_the_folder_is_that_of_the_literal_prefix() -> None:
    """Up to the first expression, statement or comment."""
    patterns = {
        "/etc/sites/{{ item.name }}.conf": "/etc/sites",
        "/etc/sites/app-{{ item.name }}/x": "/etc/sites",
        "/{{ item }}": "/",
        "/etc/{% if item.x %}a{% endif %}": "/etc",
        "/etc/{# a #}{{ item }}": "/etc",
    }
    assert {pattern: folder_of(pattern) for pattern in patterns} == patterns


def test_the_manifest_is_beside_the_files_or_in_the_state_dir(tmp_path: Path) -> None:
    """Hidden, and readable by its owner alone."""
    pattern = f"{tmp_path}/sites/{{{{ item }}}}"
    for state_dir in (None, str(tmp_path / "state")):
        store = open_manifest(pattern, state_dir, warn=lambda message: None)
        store.save(Manifest({"/a": Kept(("d",), "id")}).encode())
        path = Path(store.path)
        assert path.parent == tmp_path / ("sites" if state_dir is None else "state")
        assert path.name.endswith(".files.pygen")
        assert path.stat().st_mode & 0o777 == 0o600


class Killed(BaseException):
    """The process ends here."""


NAMES = st.sampled_from(["a", "b/c"])
TEXTS = st.sampled_from(["1", "2"])
FAILED: st.SearchStrategy[set[str]] = st.one_of(st.just(set()), st.sets(NAMES))


class AnyHistory(RuleBasedStateMachine):
    """Elements come, change, fail and go, people edit files and add their own, and the program is killed anywhere.

    What people wrote last is never lost where no element that is there now has that path, and a file that this program
    never wrote is never removed. In the end every element has its file, and nothing of this program's is left over.
    """

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.folder = Folder(self.root)
        self.wanted: dict[str, str] = {}
        self.by_people: dict[str, str] = {}  # what they wrote, as long as no element with this path was written since
        self.foreign: set[str] = set()  # of these the files whose path was not known when they were written

    def teardown(self) -> None:
        self.folder.target.close()
        shutil.rmtree(self.root)

    @initialize()
    def first_pass(self) -> None:
        """The program has begun, so that what comes later was not there before it; there are files already."""
        self.folder.apply({})
        self.wanted = {"a": "1", "b/c": "1"}
        self.folder.apply(self.wanted)

    @rule(name=NAMES, text=TEXTS)
    def comes_or_changes(self, name: str, text: str) -> None:
        self.wanted[name] = text

    @rule(name=NAMES)
    def goes(self, name: str) -> None:
        self.wanted.pop(name, None)

    @rule(name=NAMES, text=st.sampled_from(["by hand", "mine"]))
    def people_write(self, name: str, text: str) -> None:
        path = self.folder.sites / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name not in self.folder.manifest and not path.exists():
            self.foreign.add(name)
        path.write_text(text)
        self.by_people[name] = text

    @rule(name=NAMES)
    def people_remove(self, name: str) -> None:
        (self.folder.sites / name).unlink(missing_ok=True)
        self.by_people.pop(name, None)
        self.foreign.discard(name)

    @rule()
    def restart(self) -> None:
        self.folder.start()

    @rule(failed=FAILED)
    def a_pass(self, failed: set[str]) -> None:
        """Some elements fail: their files stay, whatever they hold."""
        before = self.folder.on_disk()
        rendered = {name: text for name, text in self.wanted.items() if name not in failed}
        kept = tuple(str(self.folder.sites / name) for name in failed & self.wanted.keys())
        self.folder.apply(rendered, kept_paths=kept)
        after = self.folder.on_disk()
        for name in failed & self.wanted.keys():
            assert after.get(name) == before.get(name)
        self._overwritten(rendered, after)

    @rule(step=st.integers(0, 10), change=st.dictionaries(NAMES, TEXTS), gone=st.sets(NAMES))
    def killed_in_a_pass(self, step: int, change: dict[str, str], gone: set[str]) -> None:
        """At any of its steps; what it had done is done. Before the next start some elements go."""
        self.wanted |= change
        with _killed_after(step):
            self.folder.apply(self.wanted)
        self._overwritten(self.wanted, self.folder.on_disk())
        self.folder.start()
        self.wanted = {name: text for name, text in self.wanted.items() if name not in gone}
        self.nothing_fails()

    @rule()
    def nothing_fails(self) -> None:
        """Each element has its file, unless there is one that is somebody else's, and what is left over is people's."""
        self.folder.apply(self.wanted)
        after = self.folder.on_disk()
        self._overwritten(self.wanted, after)
        kept = {name: text for name, text in self.wanted.items() if name not in self.foreign}
        assert after == self.by_people | kept

    @invariant()
    def people_lose_nothing(self) -> None:
        on_disk = self.folder.on_disk()
        for name, text in self.by_people.items():
            assert on_disk.get(name) == text, (name, on_disk)

    def _overwritten(self, rendered: Mapping[str, str], after: Mapping[str, str]) -> None:
        """A file of the set that people edited is drift, and repaired, as long as its element is there."""
        for name in self.by_people.keys() - self.foreign:
            if name in rendered and rendered[name] == after.get(name):
                del self.by_people[name]


class _killed_after:  # noqa: N801 - reads as a word
    """So many of the steps that change the disk are made, and no more."""

    STEPS = ("replace", "make_parents", "remove_quietly")

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.before: dict[str, Any] = {}
        self.patch = pytest.MonkeyPatch()

    def __enter__(self) -> None:
        for name in self.STEPS:
            self.patch.setattr(module, name, self._counted(getattr(module, name)))
        self.patch.setattr(MemoryStore, "save", self._counted(MemoryStore.save))
        self.patch.setattr(os, "unlink", self._counted(os.unlink))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        self.patch.undo()
        return kind is Killed

    def _counted(self, inner: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            if self.left <= 0:
                raise Killed
            self.left -= 1
            return inner(*arguments, **options)

        return counted


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(stateful_step_count=20, max_examples=examples(200), deadline=None)
