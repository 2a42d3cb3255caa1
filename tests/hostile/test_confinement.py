"""What the kernel denies the render process: a template that found a way out of the sandbox gets no further."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from templating.sandbox import seccomp
from tests.support.process import ROOT

# Run in a process of its own, whose child is confined and tries everything. `USER` is who the program is.
SCRIPT = """
import ctypes, json, os, resource, signal, socket, sys
sys.path.insert(0, sys.argv[1])
from reconciler.memory_guard import guard_memory
from templating.sandbox.confinement import confine
user, keep_rights = int(sys.argv[2]), sys.argv[3] == "keep"
if user:
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
guard_memory()
receiving, sending = os.pipe()
program = os.getpid()
listener = socket.socket(socket.AF_UNIX)
listener.bind("\\0pygen-hostile-%d" % program)
listener.listen()
child = os.fork()
if child:
    os.close(sending)
    answer = os.read(receiving, 1 << 16)
    os.waitpid(child, 0)
    sys.stdout.buffer.write(answer)
    sys.exit()
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as a new program is, until it says otherwise
inherited = socket.socket(socket.AF_UNIX)
missing = confine(program, keep_rights=keep_rights)
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    if libc.syscall(number, *arguments) == -1:
        raise OSError(ctypes.get_errno(), "no")
def execute():
    os.execv("/bin/true", ["true"])
attempts = {
    "socket": lambda: socket.socket(),
    "unix socket": lambda: socket.socket(socket.AF_UNIX),
    "connect": lambda: inherited.connect("\\0pygen-hostile-%d" % program),
    "socketpair": lambda: socket.socketpair(),
    "fork": lambda: os.fork(),
    "execute": execute,
    "thread": lambda: __import__("_thread").start_new_thread(lambda: None, ()),
    "write": lambda: os.open("/tmp/pygen-hostile", os.O_WRONLY | os.O_CREAT),
    "append": lambda: os.open("/dev/null", os.O_WRONLY | os.O_APPEND),
    "read and write": lambda: os.open("/dev/null", os.O_RDWR),
    "unlink": lambda: os.unlink("/tmp/pygen-no-such-file"),
    "rename": lambda: os.rename("/tmp/pygen-no-such-file", "/tmp/x"),
    "mkdir": lambda: os.mkdir("/tmp/pygen-hostile"),
    "chmod": lambda: os.chmod("/tmp", 0o1777),
    "memfd": lambda: os.memfd_create("x"),
    "kill": lambda: os.kill(program, signal.SIGTERM),
    "kill nothing": lambda: os.kill(program, 0),
    "pidfd": lambda: os.pidfd_open(program),
    "ptrace": lambda: call({"x86_64": 101, "aarch64": 117}[os.uname().machine], 16, program, 0, 0),
    "io_uring": lambda: call(425, 8, 0),
    "its limits": lambda: resource.prlimit(program, resource.RLIMIT_NOFILE),
    "its memory": lambda: open("/proc/%d/mem" % program, "rb"),
    "its environment": lambda: open("/proc/%d/environ" % program, "rb").read(1),
    "its descriptors": lambda: os.listdir("/proc/%d/fd" % program),
    "mount": lambda: call({"x86_64": 165, "aarch64": 40}[os.uname().machine], 0, 0, 0, 0, 0),
    "unshare": lambda: call({"x86_64": 272, "aarch64": 97}[os.uname().machine], 0x10000000),
    "root": lambda: os.setuid(0),
}
done = []
for name, attempt in attempts.items():
    try:
        attempt()
        done.append(name)
    except (OSError, RuntimeError):
        pass
status = {"user": os.getuid(), "groups": os.getgroups(), "done": done, "missing": missing, "core": resource.getrlimit(
    resource.RLIMIT_CORE), "reads": os.path.exists("/etc/passwd"), "oom": int(open("/proc/self/oom_score_adj").read()),
    "file": resource.getrlimit(resource.RLIMIT_FSIZE)}
os.write(sending, json.dumps(status).encode())
os._exit(0)
"""


def confined(user: int, rights: str) -> dict[str, object]:
    """What a confined process of a program of that user is, and what it could do."""
    command = [sys.executable, "-c", SCRIPT, str(ROOT), str(user), rights]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    found: dict[str, object] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize(
    ("user", "rights", "becomes"), [(0, "drop", 65534), (1234, "drop", 1234), (1234, "keep", 1234)]
)
def test_nothing_is_left_to_do_but_to_read(user: int, rights: str, becomes: int) -> None:
    """No socket, process, signal, file to write, memory or environment of the program; whoever the program is."""
    found = confined(user, rights)
    assert found["done"] == []
    assert found["missing"] == []
    assert found["user"] == becomes
    assert found["groups"] == []
    assert found["core"] == found["file"] == [0, 0]
    assert found["reads"]
    assert found["oom"] == 1000


def test_a_process_that_stays_root_reads_files_and_no_more() -> None:
    """What it keeps its rights for: root's files, which are the program's, too."""
    found = confined(0, "keep")
    assert found["user"] == 0
    assert set(found["done"]) <= {"its memory", "its environment", "its descriptors", "root"}  # type: ignore[call-overload]


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_one_that_the_kernel_takes(machine: str) -> None:
    """Whole instructions, each call once, and jumps that stay inside."""
    code = seccomp.program_for(machine)
    numbers = seccomp.denied_numbers(machine)
    assert len(code) % 8 == 0
    assert len(numbers) == len(set(numbers)) > 80
    instructions = [(code[at + 2], code[at + 3]) for at in range(0, len(code), 8)]
    assert all(at + 1 + max(jumps) < len(instructions) for at, jumps in enumerate(instructions[:-1]))
