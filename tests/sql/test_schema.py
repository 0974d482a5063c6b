"""The schema: migrations and declared metadata agree, and everything has a comment."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from logosim.database import engine, sources
from logosim.store.tables import METADATA

COLUMNS = """
select c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated, a.attidentity
     , pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)
  from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
 where c.relnamespace = 'logosim'::regnamespace and c.relkind = 'r' and c.relname <> 'revision'
 order by 1, 2
"""
CONSTRAINTS = """
select r.conrelid::regclass::text, r.conname, pg_get_constraintdef(r.oid)
  from pg_constraint r
 where r.connamespace = 'logosim'::regnamespace and r.contype <> 'n' and r.conrelid <> 'logosim.revision'::regclass
 order by 1, 2
"""
INDEXES = """
select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
  from pg_index i
  join pg_class c on c.oid = i.indrelid
 where c.relnamespace = 'logosim'::regnamespace and c.relkind = 'r' and c.relname <> 'revision'
 order by 1
"""
TABLES = """
select c.relname, c.relpersistence, obj_description(c.oid, 'pg_class')
  from pg_class c
 where c.relnamespace = 'logosim'::regnamespace and c.relkind = 'r' and c.relname <> 'revision'
 order by 1
"""


@pytest.mark.parametrize(
    "catalogue", [TABLES, COLUMNS, CONSTRAINTS, INDEXES], ids=["tables", "columns", "keys", "indexes"]
)
def test_declared_schema_makes_the_same_catalogue_as_the_revisions(
    connection: psycopg.Connection[Any], empty_database_url: str, catalogue: str
) -> None:
    """Column by column, down to defaults and comments: the metadata is put into a database of its own to compare."""
    vienna = next(file for file in sources.sql_files() if file.name == "functions/010_vienna.sql")
    with engine.connect(empty_database_url) as other, other.begin():
        driver = engine.driver_connection(other)
        driver.execute("create extension vector; create extension pg_trgm; create schema logosim")
        driver.execute(vienna.text.encode())
        METADATA.create_all(other)
        driver.execute("create table logosim.revision (version_num varchar(32) primary key)")
        declared = driver.execute(catalogue.encode()).fetchall()
    assert connection.execute(catalogue.encode()).fetchall() == declared


def test_alembic_sees_no_difference(database_url: str) -> None:
    with engine.connect(database_url) as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_schemas": True,
                "include_name": lambda name, kind, _: name == "logosim" if kind == "schema" else name != "revision",
            },
        )
        assert compare_metadata(context, METADATA) == []


UNCOMMENTED = """
select 'table or view ' || c.relname
  from pg_class c
 where c.relnamespace = 'logosim'::regnamespace
   and c.relkind in ('r', 'v', 'm')
   and obj_description(c.oid, 'pg_class') is null
union all
select 'column ' || c.relname || '.' || a.attname
  from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
 where c.relnamespace = 'logosim'::regnamespace
   and c.relkind in ('r', 'v', 'm')
   and col_description(c.oid, a.attnum) is null
union all
select 'function ' || p.oid::regprocedure
  from pg_proc p
 where p.pronamespace = 'logosim'::regnamespace and obj_description(p.oid, 'pg_proc') is null
union all
select 'role ' || r.rolname
  from pg_roles r
 where r.rolname like 'logosim%' and shobj_description(r.oid, 'pg_authid') is null
union all
select 'schema logosim' where obj_description('logosim'::regnamespace, 'pg_namespace') is null
"""


def test_everything_has_a_comment(connection: psycopg.Connection[Any]) -> None:
    assert connection.execute(UNCOMMENTED).fetchall() == []
    connection.execute("create function logosim.without_a_word() returns int language sql as 'select 1'")
    assert connection.execute(UNCOMMENTED).fetchall() == [("function logosim.without_a_word()",)]


def test_functions_that_read_marks_are_plpgsql(connection: psycopg.Connection[Any]) -> None:
    """Distributed tables refuse SQL-language functions with parameters."""
    rows = connection.execute(
        """
        select p.oid::regprocedure::text
          from pg_proc p
          join pg_language l on l.oid = p.prolang
         where p.pronamespace = 'logosim'::regnamespace
           and l.lanname <> 'plpgsql'
           and p.prosrc ~ 'logosim[.](mark|work|mark_features)[^_a-z]'
        """
    ).fetchall()
    assert rows == []
