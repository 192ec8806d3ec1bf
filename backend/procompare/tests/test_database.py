"""Which database the settings name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from backend.procompare.database import data_dir_of, database_settings
from backend.procompare.postgres_cluster import SOCKET_PATH_BYTES_MAX, socket_dir_of

BASE_DIR = Path("/srv/procompare")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "DATABASE_URL",
        "DATA_DIR",
        "DATABASE_POOL_SIZE",
        "DATABASE_CONN_MAX_AGE",
        "TEST_DATABASE_NAME",
    ):
        monkeypatch.delenv(name, raising=False)


class TestDatabaseSettings:
    def test_name_the_embedded_server_when_there_is_no_url(self) -> None:
        assert database_settings(BASE_DIR) == {
            "ENGINE": "backend.procompare.postgresql",
            "DATA_DIR": BASE_DIR / ".data",
            "NAME": "procompare",
            "USER": "procompare",
            "PASSWORD": "",
            "HOST": "/srv/procompare/.data/postgres",
            "PORT": "5432",
            "TEST": {"NAME": "test_procompare"},
            "CONN_MAX_AGE": 0,
            "CONN_HEALTH_CHECKS": True,
        }

    def test_name_the_server_of_the_url(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DATABASE_URL", "postgres://ann:secret@db.example:6543/market?sslmode=require")
        settings = database_settings(BASE_DIR)
        assert settings["ENGINE"] == "django.db.backends.postgresql"
        assert (settings["HOST"], settings["PORT"], settings["NAME"]) == ("db.example", 6543, "market")
        assert (settings["USER"], settings["PASSWORD"]) == ("ann", "secret")
        assert settings["OPTIONS"] == {"sslmode": "require", "connect_timeout": 10}

    def test_refuse_another_kind_of_database(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DATABASE_URL", "sqlite:////srv/market.sqlite3")
        with pytest.raises(ImproperlyConfigured, match=r"'django\.db\.backends\.sqlite3'.*need PostgreSQL"):
            database_settings(BASE_DIR)

    def test_take_the_name_of_the_test_database_from_the_environment(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TEST_DATABASE_NAME", "test_ann")
        assert database_settings(BASE_DIR)["TEST"] == {"NAME": "test_ann"}

    def test_pool_connections_only_where_asked_to(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "OPTIONS" not in database_settings(BASE_DIR)
        monkeypatch.setenv("DATABASE_POOL_SIZE", "4")
        assert database_settings(BASE_DIR)["OPTIONS"] == {
            "pool": {"min_size": 1, "max_size": 4, "timeout": 10}
        }

    def test_keep_connections_where_asked_to_unless_they_are_pooled(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DATABASE_CONN_MAX_AGE", "60")
        assert database_settings(BASE_DIR)["CONN_MAX_AGE"] == 60
        monkeypatch.setenv("DATABASE_POOL_SIZE", "4")
        assert database_settings(BASE_DIR)["CONN_MAX_AGE"] == 0

    def test_start_no_server(self, tmp_path: Path) -> None:
        environment = {**os.environ, "DATA_DIR": str(tmp_path / "data")}
        command = [sys.executable, "-c", "import backend.procompare.settings"]
        subprocess.run(command, env=environment, check=True, timeout=60)
        assert not (tmp_path / "data").exists()


class TestDataDir:
    @pytest.mark.parametrize(
        ("value", "path"),
        [("data/pg", "/srv/procompare/data/pg"), ("/var/lib/market", "/var/lib/market"), ("../x", "/srv/x")],
    )
    def test_is_relative_to_the_project(self, monkeypatch: pytest.MonkeyPatch, value: str, path: str) -> None:
        monkeypatch.setenv("DATA_DIR", value)
        assert data_dir_of(BASE_DIR) == Path(path)


class TestSocketDir:
    def test_is_the_data_folder_where_its_path_will_do(self) -> None:
        assert socket_dir_of(Path("/srv/data")) == Path("/srv/data/postgres")

    @pytest.mark.parametrize(
        "data_dir", ["/srv/" + "x" * 100, "/srv/my data", "/srv/a,b", "/srv/it's", "/srv/ä"]
    )
    def test_is_a_short_one_of_its_own_where_it_will_not(self, data_dir: str) -> None:
        socket_dir = socket_dir_of(Path(data_dir))
        assert socket_dir.parent == Path("/tmp")
        assert socket_dir != socket_dir_of(Path(data_dir + "2"))
        assert len(str(socket_dir / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES_MAX
