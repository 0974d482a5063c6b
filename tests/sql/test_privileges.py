"""Who may do what: every object of the schema and every role, against the table that stands here.

A new table, view, function, sequence or type fails these tests until somebody has decided who may use it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import psycopg
import pytest

Connection = psycopg.Connection[Any]

ANALYST, WORKER, API = "logosim_analyst", "logosim_worker", "logosim_api"
ALL = frozenset({ANALYST, WORKER, API})
TAKING_IN = frozenset({WORKER, API})
NOBODY: frozenset[str] = frozenset()  # the owner alone

# Tables and views: who may select from them.
READ: dict[frozenset[str], str] = {
    ALL: """
        mark mark_features mark_look mark_coarse model work ingest_batch ingest_reject query_picture query_region word
        word_census name_sketch
        transliteration phoneme_rule pronunciation segment generic_word calibration vienna sql_file revision
        watch watch_hit
        queue_health mark_overview mark_vienna vienna_coverage year_coverage model_coverage model_state reject_summary
        watches
        """,
    frozenset({API}): "api_key",
    NOBODY: "mark_staging picture_request",
}
# And the only other right on a table: COPY into the staging table needs it.
WRITE = {("mark_staging", "INSERT", WORKER), ("mark_staging", "INSERT", API)}

# Functions that only compute, or read with the caller's own rights: everyone's. Internal ones of this kind (their names
# begin with an underscore) need no entry.
READERS = """
    search search_text explain candidates similar similar_to sounds_like look_distance look_distances rerank_inputs
    patches_of recall_picture aline_similarity sound_similarity spelling_similarity name_similarity vienna_overlap
    patch_similarity facets near_duplicates clusters suggest_vienna
    vienna_code vienna_keys vienna_divisions vienna_short vienna_level vienna_heading vienna_children vienna_ancestors
    vienna_search mark_id normalise_text phonemes require_pronunciation unpronounced word_counts pending_work
    """
# Functions that write, or run with the owner's rights: who may execute them.
DEFINERS: dict[frozenset[str], str] = {
    ALL: """
        work_status save_watch run_watch drop_watch submit_picture picture_answer withdraw_picture pictures_waiting
        """,
    frozenset({WORKER}): """
        claim_work heartbeat_work finish_work fail_work release_work retry_dead claim_watch fail_watch
        _look_again
        claim_picture heartbeat_picture finish_picture refuse_picture release_picture
        """,
    TAKING_IN: "begin_ingest merge_marks record_rejects finish_ingest count_words remember_picture",
}
# What is volatile for another reason. What commits cannot run with the owner's rights, nor pin a search path: it writes
# by the functions above alone. EXPLAIN, from which the others read, is not allowed otherwise.
HARMLESS = "embed_picture _said_of_commit _expected _names_are_compared"
# Functions that write with the caller's own rights: the owner's, and what definers call.
OWNERS = """
    add_api_key revoke_api_key register_model queue_missing refresh_names begin_pronouncing pronounce_marks
    limit_analysts activate_model _make_model_indexes _drop_model_indexes _begin_backfill _queue_missing _retire_model
    _forget_model _remove_model _look_follows_features _look_follows_marks _coarse_follows_look
    _keep_sketches _refresh_sketches
    _requeue_expired _lock_marks _lock_lease _watch _report_watch _keep_watched
    """


def declared(table: dict[frozenset[str], str]) -> dict[str, frozenset[str]]:
    names = [(name, roles) for roles, listed in table.items() for name in listed.split()]
    found = dict(names)
    assert len(found) == len(names), "a name stands twice"
    return found


def test_tables_and_views(connection: Connection) -> None:
    rows = connection.execute(
        """
        select c.relname::text, p.privilege, r.rolname::text
          from pg_class c
         cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
              as p (privilege)
          left join pg_roles r on r.rolname like 'logosim%' and has_table_privilege(r.oid, c.oid, p.privilege)
         where c.relnamespace = 'logosim'::regnamespace and c.relkind in ('r', 'v', 'm', 'f', 'p')
        """
    ).fetchall()
    may_read: defaultdict[str, set[str]] = defaultdict(set)
    writes = set()
    for table, privilege, role in rows:
        if privilege == "SELECT":
            may_read[table] |= {role} - {None}
        elif role is not None:
            writes.add((table, privilege, role))
    assert {table: frozenset(roles) for table, roles in may_read.items()} == declared(READ)
    assert writes == WRITE


def test_functions(connection: Connection) -> None:
    rows = connection.execute(
        """
        select p.proname::text, p.provolatile = 'v', p.prosecdef
             , array(select r.rolname::text
                       from pg_roles r
                      where r.rolname like 'logosim%' and has_function_privilege(r.oid, p.oid, 'execute'))
          from pg_proc p
         where p.pronamespace = 'logosim'::regnamespace
        """
    ).fetchall()
    expected = {
        **dict.fromkeys(READERS.split(), (False, False, ALL)),
        **{name: (None, True, roles) for name, roles in declared(DEFINERS).items()},
        **dict.fromkeys(HARMLESS.split(), (True, False, ALL)),
        **dict.fromkeys(OWNERS.split(), (True, False, NOBODY)),
    }
    found = {name: (is_volatile, is_definer, frozenset(roles)) for name, is_volatile, is_definer, roles in rows}
    internal = {name for name, rights in found.items() if name.startswith("_") and rights == (False, False, ALL)}
    assert set(found) - internal == set(expected)
    for name, wanted in expected.items():
        is_volatile, is_definer, roles = found[name]
        assert (is_volatile if wanted[0] is not None else None, is_definer, roles) == wanted, name


def test_sequences_and_types(connection: Connection) -> None:
    """Identity columns draw their numbers without a right on the sequence; types are the rows of tables alone."""
    sequences = connection.execute(
        """
        select c.relname::text, r.rolname::text, p.privilege
          from pg_class c
         cross join pg_roles r
         cross join unnest(array['USAGE', 'SELECT', 'UPDATE']) as p (privilege)
         where c.relnamespace = 'logosim'::regnamespace and c.relkind = 'S' and r.rolname like 'logosim%'
           and has_sequence_privilege(r.oid, c.oid, p.privilege)
        """
    ).fetchall()
    assert sequences == []
    types = connection.execute(
        """
        select t.typname::text
          from pg_type t
          left join pg_class c on c.oid = t.typrelid
          left join pg_type e on e.typarray = t.oid
         where t.typnamespace = 'logosim'::regnamespace
           and not coalesce(c.relkind in ('r', 'v') or e.typrelid <> 0, false)
        """
    ).fetchall()
    assert types == []


def test_no_other_kind_of_object(connection: Connection) -> None:
    """Operators, collations and the like would want a decision of their own."""
    rows = connection.execute(
        """
        select d.classid::regclass::text, d.objid
          from pg_depend d
         where d.refclassid = 'pg_namespace'::regclass
           and d.refobjid = 'logosim'::regnamespace
           and d.classid::regclass::text not in ('pg_class', 'pg_proc', 'pg_type', 'pg_constraint')
        """
    ).fetchall()
    assert rows == []


def test_the_public_and_single_columns_have_nothing(connection: Connection) -> None:
    rows = connection.execute(
        """
        select 'function ' || p.oid::regprocedure
          from pg_proc p
         cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
         where p.pronamespace = 'logosim'::regnamespace and x.grantee = 0
        union all
        select 'relation ' || c.relname
          from pg_class c
         cross join aclexplode(c.relacl) x
         where c.relnamespace = 'logosim'::regnamespace and x.grantee = 0
        union all
        select 'schema'
          from pg_namespace n
         cross join aclexplode(n.nspacl) x
         where n.nspname = 'logosim' and x.grantee = 0
        union all
        select 'column ' || a.attrelid::regclass || '.' || a.attname
          from pg_attribute a
          join pg_class c on c.oid = a.attrelid
         where c.relnamespace = 'logosim'::regnamespace and a.attacl is not null
        """
    ).fetchall()
    assert rows == []


def test_roles_use_the_schema_and_are_nothing_else(connection: Connection) -> None:
    rows = connection.execute(
        """
        select r.rolname::text, r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls
             , has_schema_privilege(r.oid, 'logosim', 'usage'), has_schema_privilege(r.oid, 'logosim', 'create')
             , exists (select from pg_auth_members m where m.member = r.oid)
          from pg_roles r
         where r.rolname like 'logosim%'
        """
    ).fetchall()
    assert sorted(rows) == [(role, False, True, False, False) for role in sorted(ALL)]


def test_functions_pin_their_search_path(connection: Connection) -> None:
    """What runs with the owner's rights above all: nobody's temporary objects or schemas come before ours."""
    rows = connection.execute(
        """
        select p.oid::regprocedure::text, p.prosecdef
             , (select substring(s.setting from '=(.*)')
                  from unnest(p.proconfig) as s (setting)
                 where s.setting like 'search_path=%') as search_path
          from pg_proc p
         where p.pronamespace = 'logosim'::regnamespace
        """
    ).fetchall()
    pinned = {path for name, _, path in rows if not name.startswith("logosim.embed_picture(")}
    assert pinned <= {"pg_catalog", "public, pg_temp", "logosim, pg_temp", "logosim, public, pg_temp"}
    assert any(is_definer for _, is_definer, _ in rows)
    owners = connection.execute(
        """
        select distinct p.proowner = n.nspowner
          from pg_proc p
          join pg_namespace n on n.oid = p.pronamespace
         where n.nspname = 'logosim'
        """
    ).fetchall()
    assert owners == [(True,)]


@pytest.mark.parametrize(
    "statement",
    [
        "insert into logosim.vienna values ('00', 'category', 'x', 'seed')",
        "delete from logosim.mark",
        "update logosim.model set active = true",
        "update logosim.watch set threshold = 0",
        "delete from logosim.query_picture",
        "truncate logosim.word",
        "copy logosim.mark_staging (batch_id) from stdin",
        "select * from logosim.api_key",
        "select logosim.retry_dead()",
        "select logosim.begin_ingest('a', 'b')",
        "select logosim.limit_analysts()",
        "create table logosim.mine (a int)",
        "create function logosim.mine() returns int language sql as 'select 1'",
        "drop view logosim.watches",
    ],
)
def test_an_analyst_is_refused_what_is_not_reading_or_searching(connection: Connection, statement: str) -> None:
    connection.execute("set role logosim_analyst")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_a_new_object_wants_a_decision(connection: Connection) -> None:
    """The tests above would see it."""
    connection.execute("create function logosim.undecided() returns int language sql volatile as 'select 1'")
    with pytest.raises(AssertionError):
        test_functions(connection)
    with pytest.raises(AssertionError):
        test_the_public_and_single_columns_have_nothing(connection)
    connection.execute("create table logosim.undecided (a int)")
    with pytest.raises(AssertionError):
        test_tables_and_views(connection)
    connection.execute("create type logosim.undecided_state as enum ('a')")
    with pytest.raises(AssertionError):
        test_sequences_and_types(connection)
