"""Which user of the system runs the embedded PostgreSQL: it refuses to run as root.

Everybody else runs it as themselves.  For root it is the user ``pgserver``, made when it is missing, or
whoever the data already belongs to.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

__all__ = ["SystemUser", "server_user_of"]

USER_OF_ROOT = "pgserver"


class SubprocessArguments(TypedDict, total=False):
    """The part of ``subprocess.run``'s arguments that changes the user."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class SystemUser:
    """The user that runs the server."""

    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """Whether it is somebody else than who runs this process."""
        return self.uid != os.geteuid()

    def subprocess_arguments(self) -> SubprocessArguments:
        """Return what makes ``subprocess.run`` run a program as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}

    def take_over(self, folder: Path) -> None:
        """Make a folder belong to this user, closed to everybody else, and reachable for it."""
        if self.is_other:
            os.chown(folder, self.uid, self.gid)
            self.open_way_to(folder)
        folder.chmod(0o700)

    def open_way_to(self, path: Path) -> None:
        """Let this user pass the folders above a path (not list them) where it could not yet."""
        if not self.is_other:
            return
        for folder in path.parents:
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)

    def open_programs(self, program: Path) -> None:
        """Let this user run an installed program and read what belongs to it, whatever the umask was."""
        if not self.is_other:
            return
        self.open_way_to(program)
        if not program.stat().st_mode & stat.S_IXOTH:
            for path in program.parents[1].rglob("*"):
                _open_to_all(path)


def server_user_of(folder: Path) -> SystemUser:
    """Return who runs the server whose data is in ``folder``."""
    owner = folder.stat()
    if os.geteuid() != 0:
        return SystemUser(uid=os.geteuid(), gid=os.getegid())
    if owner.st_uid != 0:
        return SystemUser(uid=owner.st_uid, gid=owner.st_gid)
    entry = _user_of_root()
    return SystemUser(uid=entry.pw_uid, gid=entry.pw_gid)


def _open_to_all(path: Path) -> None:
    """Let everybody read a file, and run it or enter it where its owner may."""
    mode = stat.S_IMODE(path.stat().st_mode)
    path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def _user_of_root() -> pwd.struct_passwd:
    """Return ``pgserver``'s entry, made when it is missing.  Raises: KeyError when it cannot be made."""
    try:
        return pwd.getpwnam(USER_OF_ROOT)
    except KeyError:
        # Two processes may do so at once: the second is refused, and finds what the first has made.
        useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin") or "useradd"
        subprocess.run(
            [useradd, "--system", "--no-create-home", USER_OF_ROOT], check=False, capture_output=True
        )
        return pwd.getpwnam(USER_OF_ROOT)
