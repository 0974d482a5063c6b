"""The built wheel works outside the checkout, migrations and SQL included."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from logosim.embedding import bundled_models

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("logosim-*.whl")
    return built


def test_the_wheel_holds_migrations_sql_and_model_but_no_tests_or_training(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for root, folder in (("migrations", "_migrations"), ("sql", "_sql")):
        kept = {f"logosim/database/{folder}/{path.relative_to(ROOT / root)}" for path in (ROOT / root).rglob("*.sql")}
        assert kept
        assert kept <= set(names)
    for model in bundled_models():
        for file in ("manifest.json", model.manifest.file):
            assert f"logosim/embedding/bundled/{model.folder.name}/{file}" in names
    assert "logosim/phonetics/data/rules.csv" in names
    assert not [name for name in names if name.startswith(("tests/", "training/"))]


def test_an_empty_database_is_brought_up_by_the_installed_wheel(
    wheel: Path, tmp_path: Path, empty_database_url: str
) -> None:
    place = tmp_path / "env"
    venv.create(place, with_pip=False, symlinks=True)
    site = next(place.glob("lib/python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    # What the wheel depends on is borrowed from this environment, the checkout itself is not.
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join(borrowed) + "\n")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("LOGOSIM_", "PYTHON"))},
        "LOGOSIM_DATABASE_URL": empty_database_url,
        "LOGOSIM_DATA_DIR": str(tmp_path / "data"),
    }

    def python(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(place / "bin" / "python"), *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    where = python("-c", "import logosim.database; print(logosim.database.__file__)")
    assert str(site) in where.stdout, where.stderr
    upgraded = python("-m", "logosim.cli", "db", "upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    status = python("-m", "logosim.cli", "db", "status")
    assert status.returncode == 0, status.stderr
    assert "marks      0" in status.stdout
    assert python("-m", "workers", "--until-empty").returncode == 0
