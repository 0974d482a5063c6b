"""Function files and data tables as they ship."""

from __future__ import annotations

import re

from logosim.database.sources import data_tables, migrations_dir, sql_dir, sql_files


def test_files_come_in_order_of_group_and_number() -> None:
    names = [file.name for file in sql_files()]
    groups = [name.split("/")[0] for name in names]
    assert groups == sorted(groups, key=("functions", "views", "grants").index)
    for group in set(groups):
        own = [name for name in names if name.startswith(group)]
        assert own == sorted(own)
        assert all(re.fullmatch(rf"{group}/[0-9]{{3}}_[a-z_]+\.sql", name) for name in own)


def test_files_say_what_they_are_for() -> None:
    for file in sql_files():
        assert file.text.startswith("-- Purpose: "), file.name
    for path in (sql_dir() / "examples").glob("*.sql"):
        assert path.read_text().startswith("-- "), path.name


def test_vienna_seed() -> None:
    (table,) = (table for table in data_tables() if table.table == "vienna")
    rows = list(table.rows())
    assert [sum(row["level"] == level for row in rows) for level in ("category", "division")] == [29, 145]
    codes = [row["code"] for row in rows]
    assert codes == sorted(set(codes))
    for row in rows:
        assert re.fullmatch(r"[0-9]{2}" if row["level"] == "category" else r"[0-9]{2}\.[0-9]{2}", row["code"])
        assert row["code"][:2] in codes
        assert 3 <= len(row["label"]) < 70
    by_code = {row["code"]: row["label"] for row in rows}
    assert "lettering" in by_code["27.05"]
    assert "quadrilaterals" in by_code["26.04"]
    assert by_code["29.01"] == "colours"


def test_the_migration_environment_is_there() -> None:
    assert (migrations_dir() / "env.py").is_file()
