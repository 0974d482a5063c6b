"""The schema: migrations and declared metadata agree, everything has a comment, privileges are what they should be."""

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


def test_functions_pin_their_search_path(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute(
        """
        select p.oid::regprocedure::text
          from pg_proc p
         where p.pronamespace = 'logosim'::regnamespace
           and not coalesce(array_to_string(p.proconfig, ' ') like '%%search_path=%%', false)
        """.replace("%%", "%")
    ).fetchall()
    assert rows == []


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


READERS = ("logosim_analyst", "logosim_worker", "logosim_api")
WRITES = {
    "claim_work": {"logosim_worker"},
    "heartbeat_work": {"logosim_worker"},
    "finish_work": {"logosim_worker"},
    "fail_work": {"logosim_worker"},
    "release_work": {"logosim_worker"},
    "retry_dead": {"logosim_worker"},
    "begin_ingest": {"logosim_worker", "logosim_api"},
    "merge_marks": {"logosim_worker", "logosim_api"},
    "record_rejects": {"logosim_worker", "logosim_api"},
    "finish_ingest": {"logosim_worker", "logosim_api"},
    "remember_picture": {"logosim_worker", "logosim_api"},
    "count_words": {"logosim_worker", "logosim_api"},
    "_expected_names": set(READERS),  # changes nothing, but only a volatile function may ask for a plan
    # The owner's alone:
    "add_api_key": set(),
    "revoke_api_key": set(),
    "register_model": set(),
    "queue_missing": set(),
    "refresh_names": set(),
    "begin_pronouncing": set(),
    "pronounce_marks": set(),
    "_requeue_expired": set(),
    "_keep_sketches": set(),
    "_refresh_sketches": set(),
    "_lock_marks": set(),
    "_lock_lease": set(),
}


def test_who_may_execute_what(connection: psycopg.Connection[Any]) -> None:
    """Functions that change something are granted as listed; all others to every role; none to the public."""
    rows = connection.execute(
        """
        select p.proname, p.provolatile = 'v'
             , array(select r.rolname::text
                       from pg_roles r
                      where r.rolname like 'logosim%' and has_function_privilege(r.oid, p.oid, 'execute'))
             , exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x where x.grantee = 0)
          from pg_proc p
         where p.pronamespace = 'logosim'::regnamespace
        """
    ).fetchall()
    for name, is_volatile, may_execute, is_public in rows:
        assert not is_public, name
        assert set(may_execute) == (WRITES[name] if is_volatile else set(READERS)), name
    assert {name for name, is_volatile, *_ in rows if is_volatile} == set(WRITES)


def test_who_may_touch_which_table(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute(
        """
        select r.rolname::text, c.relname::text, p.privilege
          from pg_class c
         cross join (select rolname, oid from pg_roles where rolname like 'logosim%') r
         cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger'])
               p (privilege)
         where c.relnamespace = 'logosim'::regnamespace
           and c.relkind in ('r', 'v')
           and has_table_privilege(r.oid, c.oid, p.privilege)
        """
    ).fetchall()
    granted = {(role, table, privilege) for role, table, privilege in rows}
    writes = {item for item in granted if item[2] != "select"}
    assert writes == {(role, "mark_staging", "insert") for role in ("logosim_worker", "logosim_api")}
    unread = {
        (role, table)
        for role in READERS
        for (table,) in connection.execute(
            "select relname::text from pg_class where relnamespace = 'logosim'::regnamespace and relkind in ('r', 'v')"
        )
        if (role, table, "select") not in granted
    }
    assert unread == {
        *((role, "mark_staging") for role in READERS),
        ("logosim_analyst", "api_key"),
        ("logosim_worker", "api_key"),
    }


def test_a_role_is_refused_what_it_may_not(connection: psycopg.Connection[Any]) -> None:
    connection.execute("set role logosim_analyst")
    for statement in (
        "insert into logosim.vienna values ('00', 'category', 'x', 'seed')",
        "delete from logosim.mark",
        "select * from logosim.api_key",
        "select logosim.retry_dead()",
        "create table logosim.mine (a int)",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())
