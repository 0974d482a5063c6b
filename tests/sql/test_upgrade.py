"""The upgrade: twice is once, changed files are applied again, and a failure leaves everything as it was."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from logosim.database import checks, engine, present, sources
from logosim.database.upgrade import UpgradeReport, upgrade
from logosim.errors import DatabaseError, NotMigrated, PrivilegeMissing, VectorExtensionMissing

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def sql_copy(tmp_path: Path) -> Path:
    """A copy of the function files to change."""
    return Path(shutil.copytree(sources.sql_dir(), tmp_path / "sql"))


def apply(url: str, folder: Path) -> present.PresentReport:
    with engine.connect(url) as connection, connection.begin():
        present.prepare(connection)
        return present.apply(connection, folder)


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    report = upgrade(database_url)
    assert report == UpgradeReport("0017", "0017", (), (), 0)
    assert not report.changed
    assert report.lines() == ("Up to date at revision 0017.",)


def test_first_upgrade_reports_what_it_did(empty_database_url: str) -> None:
    report = upgrade(empty_database_url)
    assert report.revision_before is None
    assert report.revision == checks.head_revision() == "0017"
    assert set(report.applied) == {
        *(file.name for file in sources.sql_files()),
        *(table.file.name for table in (*sources.data_tables(), sources.calibration_table())),
    }
    checks.require_ready(empty_database_url)


def test_two_upgrades_at_once_wait_for_each_other(empty_database_url: str) -> None:
    script = "import sys; from logosim.database.upgrade import upgrade; print(upgrade(sys.argv[1]).changed)"
    processes = [
        subprocess.Popen([sys.executable, "-c", script, empty_database_url], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert sorted(process.communicate()[0].strip() for process in processes) == ["False", "False", "True"]


def test_a_changed_function_file_is_applied_again(database_url: str, sql_copy: Path) -> None:
    file = sql_copy / "functions" / "063_rerank_inputs.sql"
    file.write_text(
        file.read_text().replace("Unknown ids are left out", "Ids that are unknown are left out, 100 % of them")
    )
    assert apply(database_url, sql_copy).applied == ("functions/063_rerank_inputs.sql",)
    with psycopg.connect(database_url) as connection:
        row = connection.execute("select obj_description('logosim.rerank_inputs'::regproc, 'pg_proc')").fetchone()
    assert row is not None
    assert row[0].endswith("100 % of them")
    assert apply(database_url, sql_copy).applied == ()
    with pytest.raises(NotMigrated, match="063_rerank_inputs"):
        checks.require_ready(database_url)


def test_a_failing_file_rolls_everything_back(database_url: str, sql_copy: Path) -> None:
    first = sql_copy / "functions" / "000_guards.sql"
    first.write_text(first.read_text() + "\ncreate table logosim.left_behind (a int);\n")
    (sql_copy / "views" / "999_broken.sql").write_text("create view logosim.broken as select nothing from nowhere;")
    with pytest.raises(DatabaseError, match=r"sql/views/999_broken\.sql cannot be applied") as raised:
        apply(database_url, sql_copy)
    assert "nowhere" in str(raised.value)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select to_regclass('logosim.left_behind')").fetchone() == (None,)
    assert not upgrade(database_url).changed


def test_a_file_that_is_gone_is_reported(database_url: str, sql_copy: Path) -> None:
    (sql_copy / "views" / "030_vienna_coverage.sql").unlink()
    grants = sql_copy / "grants" / "010_roles.sql"
    grants.write_text(grants.read_text().replace("  , logosim.vienna_coverage\n", ""))
    assert apply(database_url, sql_copy).left_over == ("views/030_vienna_coverage.sql",)


def test_names_are_read_anew_when_their_rules_change(connection: psycopg.Connection[Any], database_url: str) -> None:
    connection.execute(
        """
        insert into logosim.mark (mark_id, source, file, brand_text, normalised_text, phonemes, picture_location
                                , picture_sha256, picture_bytes)
        values (gen_random_uuid(), 't', 'a', 'Straße', 'stale', 'stale', '/a', repeat('a', 64), 1)
             , (gen_random_uuid(), 't', 'b', null, null, null, '/b', repeat('a', 64), 1);
        update logosim.sql_file set sha256 = 'older' where name = 'data/transliteration.csv';
        """
    )
    assert upgrade(database_url).renamed_marks == 1
    row = connection.execute(
        "select normalised_text, phonemes = logosim.phonemes('Straße') from logosim.mark where file = 'a'"
    ).fetchone()
    assert row == ("strasse", True)


def test_names_are_sketched_anew_when_the_way_of_it_changes(
    connection: psycopg.Connection[Any], database_url: str, sql_copy: Path
) -> None:
    """And not pronounced anew, which another engine than the rules can do only outside."""
    connection.execute(
        """
        insert into logosim.mark (mark_id, source, file, brand_text, normalised_text, phonemes, picture_location
                                , picture_sha256, picture_bytes)
        values (gen_random_uuid(), 't', 'a', 'Zebra', 'zebra', 'zibra|ʦebra|zebra', '/a', repeat('a', 64), 1);
        update logosim.pronunciation set engine = 'other 1';
        """
    )
    before = connection.execute("select spelling, sound from logosim.name_sketch").fetchall()
    file = sql_copy / "functions" / "023_name_sketches.sql"
    file.write_text(file.read_text().replace("37 * get_byte", "41 * get_byte"))
    assert apply(database_url, sql_copy).renamed_marks == 0
    (changed,) = connection.execute("select spelling, sound from logosim.name_sketch").fetchall()
    assert all(new != old for new, old in zip(changed, before[0], strict=True))
    assert connection.execute("select complete from logosim.pronunciation").fetchall() == [(True,)]


def test_names_are_read_anew_when_the_function_that_reads_them_changes(
    connection: psycopg.Connection[Any], database_url: str, sql_copy: Path
) -> None:
    connection.execute(
        """
        insert into logosim.mark (mark_id, source, file, brand_text, picture_location, picture_sha256, picture_bytes)
        values (gen_random_uuid(), 't', 'a.png', 'Zebra', '/a.png', repeat('0', 64), 1)
        """
    )
    file = sql_copy / "functions" / "020_normalise_text.sql"
    file.write_text(file.read_text() + "\n-- another version\n")
    with engine.connect(database_url) as opened, opened.begin():
        present.prepare(opened)
        assert present.apply(opened, sql_copy).renamed_marks == 1
    assert connection.execute("select normalised_text from logosim.mark").fetchone() == ("zebra",)


def test_an_imported_heading_outlives_an_upgrade(connection: psycopg.Connection[Any], database_url: str) -> None:
    connection.execute("update logosim.vienna set label = 'OFFICIAL', origin = 'import' where code = '26.04'")
    connection.execute("update logosim.vienna set label = 'old' where code = '26.05'")
    connection.execute("update logosim.sql_file set sha256 = 'older' where name = 'data/vienna.csv'")
    assert upgrade(database_url).applied == ("data/vienna.csv",)
    rows = dict(
        connection.execute("select code, label from logosim.vienna where code in ('26.04', '26.05')").fetchall()
    )
    assert rows["26.04"] == "OFFICIAL"
    assert rows["26.05"] != "old"


def test_the_alembic_command_upgrades_too(empty_database_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=ROOT,
        env={"LOGOSIM_DATABASE_URL": empty_database_url, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not upgrade(empty_database_url).changed


def test_a_role_that_may_not_create_is_told_so(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("create extension vector; create extension pg_trgm")
        connection.execute("do $$ begin create role test_weakling login; exception when duplicate_object then end $$")
    with pytest.raises(PrivilegeMissing, match="Permission denied for database"):
        upgrade(make_conninfo(empty_database_url, user="test_weakling"))


def test_an_owner_without_superuser_rights_can_upgrade(empty_database_url: str) -> None:
    """Extensions there, roles there: the owner of the database needs nothing more."""
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("do $$ begin create role test_owner login; exception when duplicate_object then end $$")
        name = connection.info.dbname
        connection.execute(f'alter database "{name}" owner to test_owner'.encode())
        connection.execute("create extension vector; create extension pg_trgm; create extension pg_prewarm")
    url = make_conninfo(empty_database_url, user="test_owner")
    assert upgrade(url).changed
    assert not upgrade(url).changed
    checks.require_ready(url)


def test_missing_schema_and_missing_extension(empty_database_url: str) -> None:
    with pytest.raises(NotMigrated, match="no logosim schema"):
        checks.require_ready(empty_database_url)
    with pytest.raises(VectorExtensionMissing):
        checks.require_vector_version(None, installed=False)


def test_an_older_or_newer_revision_is_noticed(connection: psycopg.Connection[Any], database_url: str) -> None:
    connection.execute("update logosim.revision set version_num = '9999'")
    with pytest.raises(NotMigrated, match="revision 9999") as raised:
        checks.require_ready(database_url)
    assert "newer" in (raised.value.hint or "")


def test_a_database_in_ascii_is_refused(server: Any) -> None:
    name = "test_ascii"
    server.drop(name)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(
            f"create database {name} template template0 encoding 'UTF8' locale_provider libc locale 'C'".encode()
        )
    try:
        with pytest.raises(DatabaseError, match="letters beyond ASCII") as raised:
            upgrade(server.database_url(name))
        assert "C.UTF-8" in (raised.value.hint or "")
    finally:
        server.drop(name)
