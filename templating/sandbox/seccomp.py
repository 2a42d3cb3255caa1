"""A seccomp filter: the system calls that the render process gives up, answered with EPERM from then on.

Denied are those by which a process reaches others or changes anything: sockets, new programs and processes, signals,
other processes' memory, files opened for writing or changed, mounts, namespaces, kernel interfaces. The rest (reading
files, memory, the two pipes) is what rendering needs.

Numbers: Linux's `arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h` (aarch64). From 424 on
they are the same everywhere. Layout of the program and its data: seccomp(2), `linux/filter.h`, `linux/seccomp.h`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_NONE = -1
_X32 = 0x40000000

_BY_ARCHITECTURE: dict[str, tuple[int, int]] = {
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242), "sendto": (44, 206), "sendmsg": (46, 211), "sendmmsg": (307, 269),
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, _NONE), "vfork": (58, _NONE), "clone": (56, 220),
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "kcmp": (312, 272), "setpriority": (141, 140), "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119), "sched_setaffinity": (203, 122), "sched_setattr": (314, 274),
    "ioprio_set": (251, 30), "migrate_pages": (256, 238), "move_pages": (279, 239),
    "creat": (85, _NONE), "truncate": (76, 45), "ftruncate": (77, 46), "rename": (82, _NONE), "renameat": (264, 38),
    "renameat2": (316, 276), "mkdir": (83, _NONE), "mkdirat": (258, 34), "rmdir": (84, _NONE), "link": (86, _NONE),
    "linkat": (265, 37), "unlink": (87, _NONE), "unlinkat": (263, 35), "symlink": (88, _NONE), "symlinkat": (266, 36),
    "mknod": (133, _NONE), "mknodat": (259, 33), "chmod": (90, _NONE), "fchmod": (91, 52), "fchmodat": (268, 53),
    "chown": (92, _NONE), "fchown": (93, 55), "lchown": (94, _NONE), "fchownat": (260, 54), "utime": (132, _NONE),
    "utimes": (235, _NONE), "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16), "memfd_create": (319, 279),
    "open_by_handle_at": (304, 265), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268), "acct": (163, 89), "quotactl": (179, 60),
    "swapon": (167, 224), "reboot": (169, 142), "sethostname": (170, 161), "setdomainname": (171, 162),
    "settimeofday": (164, 170), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "bpf": (321, 280), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "mq_open": (240, 180), "shmget": (29, 194), "shmat": (30, 196),
}  # fmt: skip
_EVERYWHERE: dict[str, int] = {
    "pidfd_send_signal": 424, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_open": 434, "clone3": 435,
    "openat2": 437, "pidfd_getfd": 438, "process_madvise": 440, "mount_setattr": 442, "fchmodat2": 452,
}  # fmt: skip
# Allowed or not by an argument: the call, which argument, and the bits of it that must be 0.
_OPEN_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_BY_ARGUMENT: tuple[tuple[tuple[int, int], int, int], ...] = (
    ((2, _NONE), 1, _OPEN_TO_WRITE),  # open
    ((257, 56), 2, _OPEN_TO_WRITE),  # openat
    ((302, 261), 0, 0xFFFFFFFF),  # prlimit64: of no other process
)

# struct seccomp_data: the number, the architecture, the instruction pointer, six arguments of 64 bits.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_DENY = 0x00050000 | errno.EPERM
_INSTRUCTION = struct.Struct("=HBBI")
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def denied_numbers(machine: str) -> list[int]:
    """The calls that are denied whatever their arguments, for `x86_64` or `aarch64`."""
    place = _ARCHITECTURES[machine][0]
    numbers = [each[place] for each in _BY_ARCHITECTURE.values()] + list(_EVERYWHERE.values())
    return sorted(number for number in numbers if number != _NONE)


def program_for(machine: str) -> bytes:
    """The filter as the kernel reads it."""
    place, architecture = _ARCHITECTURES[machine]
    code = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_JUMP_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _DENY),
    ]
    for number in denied_numbers(machine):
        code += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _DENY)]
    for numbers, argument, bits in _BY_ARGUMENT:
        if numbers[place] != _NONE:
            low_half = _ARGUMENTS + 8 * argument  # both architectures are little-endian
            code += [
                (_JUMP_EQUAL, 0, 4, numbers[place]),
                (_LOAD, 0, 0, low_half),
                (_JUMP_ANY_BIT, 0, 1, bits),
                (_RETURN, 0, 0, _DENY),
                (_RETURN, 0, 0, _ALLOW),
            ]
    code.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(_INSTRUCTION.pack(*each) for each in code)


def install(libc: ctypes.CDLL) -> str:
    """Give the calls up for good; the kernel must have been told that there are no new privileges.

    Returns:
        '' where that was done, else why not.
    """
    machine = os.uname().machine
    if machine not in _ARCHITECTURES or ctypes.sizeof(ctypes.c_void_p) != 8:  # noqa: PLR2004 - bytes of a pointer
        return f"the system calls of {machine} are not known"
    code = program_for(machine)
    program = _Program(len(code) // _INSTRUCTION.size, code)
    if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
        return f"the kernel takes no filter of system calls: {os.strerror(ctypes.get_errno())}"
    return ""
