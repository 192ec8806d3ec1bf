"""Who runs the embedded PostgreSQL, and what it may reach."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from backend.procompare.postgres_system_user import SystemUser, server_user_of

MYSELF = SystemUser(uid=os.geteuid(), gid=os.getegid())
SOMEBODY_ELSE = SystemUser(uid=os.geteuid() + 1, gid=os.getegid())


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """An installed program that only its owner can reach, read and run."""
    program = tmp_path / "installation" / "bin" / "server"
    library = tmp_path / "installation" / "lib" / "library"
    for file, mode in ((program, 0o700), (library, 0o600)):
        file.parent.mkdir(parents=True)
        file.touch()
        file.chmod(mode)
        file.parent.chmod(0o700)
    (tmp_path / "installation").chmod(0o700)
    return program


class TestServerUser:
    @pytest.mark.skipif(os.geteuid() == 0, reason="says what holds for everybody but root")
    def test_is_whoever_runs_the_project(self, tmp_path: Path) -> None:
        assert server_user_of(tmp_path) == MYSELF

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root may be somebody else")
    def test_is_never_root(self, tmp_path: Path) -> None:
        user = server_user_of(tmp_path)
        assert (user.uid != 0, user.is_other) == (True, True)
        assert user == server_user_of(tmp_path)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root may be somebody else")
    def test_is_the_owner_of_the_data_when_root_comes_later(self, tmp_path: Path) -> None:
        os.chown(tmp_path, 12345, 12346)
        assert server_user_of(tmp_path) == SystemUser(uid=12345, gid=12346)


class TestMyself:
    def test_needs_no_way_opened(self, program: Path) -> None:
        MYSELF.open_programs(program)
        MYSELF.open_way_to(program)
        assert [mode_of(path) for path in (program, program.parent)] == [0o700, 0o700]

    def test_runs_programs_without_a_change_of_user(self) -> None:
        assert MYSELF.subprocess_arguments() == {}

    def test_closes_a_folder_to_everybody_else(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o755)
        MYSELF.take_over(tmp_path)
        assert mode_of(tmp_path) == 0o700


class TestSomebodyElse:
    def test_may_pass_the_folders_above_but_not_list_them(self, tmp_path: Path) -> None:
        path = tmp_path / "closed" / "data"
        path.mkdir(parents=True)
        path.chmod(0o700)
        path.parent.chmod(0o700)
        SOMEBODY_ELSE.open_way_to(path)
        assert (mode_of(path.parent), mode_of(path)) == (0o701, 0o700)

    def test_may_read_and_run_what_was_installed_for_the_owner_alone(self, program: Path) -> None:
        SOMEBODY_ELSE.open_programs(program)
        library = program.parents[1] / "lib" / "library"
        assert [mode_of(path) for path in (program, library, library.parent)] == [0o705, 0o604, 0o705]

    def test_runs_programs_with_nothing_of_the_callers_groups(self) -> None:
        expected = {"user": SOMEBODY_ELSE.uid, "group": SOMEBODY_ELSE.gid, "extra_groups": []}
        assert SOMEBODY_ELSE.subprocess_arguments() == expected
