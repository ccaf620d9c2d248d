"""Become another program: drop privileges, tie our life to the parent's, exec.

Run as a script by `process.spawn`, isolated (`python -I -S`), so it imports nothing of ours. A launcher rather than a
`preexec_fn`: that one deadlocks in a process with threads (grpc), and uvloop knows no `user=`.

Arguments: parent pid, death signal, uid, gid, bypass (0 or 1), then the command. A uid of -1 keeps the user.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522


def _keep_dac_override(libc: ctypes.CDLL) -> None:
    # capset(2): header {version, pid}, then two {effective, permitted, inheritable} of 32 bits each.
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    bit = 1 << _CAP_DAC_OVERRIDE
    data = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    if libc.capset(header, data) or libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0):
        sys.exit(
            "launch: cannot keep CAP_DAC_OVERRIDE, and the data directory or the virtualenv lies below a directory "
            "closed to other users: move both to a path others may traverse, or do not run as root"
        )


def main(arguments: list[str]) -> None:
    """Set up this process as told and replace it; exits non-zero when that cannot be done."""
    parent, death_signal, uid, gid, bypass = (int(value) for value in arguments[:5])
    command = arguments[5:]
    linux = sys.platform == "linux"
    libc = ctypes.CDLL(None, use_errno=True)
    os.umask(0o077)
    if uid >= 0:
        if bypass and linux:
            libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
        if bypass and linux:
            _keep_dac_override(libc)
    if linux:
        # After setuid, which clears it.
        libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit("launch: the parent died first")
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
