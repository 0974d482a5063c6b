"""What the schema offers, read from the database itself: functions and views with their comments and signatures."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg

ROLES = ("logosim_analyst", "logosim_worker", "logosim_api")


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter of a function, a column that it returns, or a column of a view or table."""

    name: str
    type: str
    default: str | None = None  # of a parameter; None: it has to be given
    comment: str | None = None  # of a view's or table's column

    def __str__(self) -> str:
        default = "" if self.default is None else f" default {self.default}"
        return f"{self.name} {self.type}{default}".strip()


@dataclass(frozen=True, slots=True)
class Routine:
    """A public function or procedure."""

    name: str
    kind: str  # function or procedure
    parameters: tuple[Field, ...]
    returns: str  # a type, "table" or "setof record"; empty: nothing is returned
    columns: tuple[Field, ...]  # what a row of its result has; empty where that is no row
    comment: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """A view or table."""

    name: str
    kind: str  # view or table
    columns: tuple[Field, ...]
    comment: str
    roles: tuple[str, ...]  # that may read it


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that is public in schema logosim, each kind by name. What begins with an underscore is not."""

    routines: tuple[Routine, ...]
    views: tuple[Relation, ...]
    tables: tuple[Relation, ...]


def read_catalogue(connection: psycopg.Connection[Any]) -> Catalogue:
    """Read the catalogue of the database."""
    with connection.transaction():
        connection.execute("set local search_path = logosim, public")  # types are written without their schema then
        relations = _relations(connection)
        return Catalogue(
            _routines(connection),
            tuple(of for of in relations if of.kind == "view"),
            tuple(of for of in relations if of.kind == "table"),
        )


def _routines(connection: psycopg.Connection[Any]) -> tuple[Routine, ...]:
    rows = connection.execute(
        """
        select p.proname::text
             , case p.prokind when 'p' then 'procedure' else 'function' end
             , obj_description(p.oid, 'pg_proc')
             , pg_get_function_result(p.oid)
             , array(select r from unnest(%s::text[]) as r where has_function_privilege(r, p.oid, 'execute'))
             , (select json_agg(
                         json_build_array(
                           coalesce(p.proargnames[a.place], '')
                         , coalesce(p.proargmodes[a.place], 'i')
                         , format_type(a.type, null)
                         , case
                             when coalesce(p.proargmodes[a.place], 'i') in ('i', 'b', 'v') then
                               pg_get_function_arg_default(p.oid, a.place::integer)
                           end)
                         order by a.place)
                  from unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) with ordinality as a (type, place))
          from pg_proc p
         where p.pronamespace = 'logosim'::regnamespace and p.proname !~ '^_'
         order by p.proname::text collate "C", p.oid
        """,
        (list(ROLES),),
    ).fetchall()
    return tuple(_routine(*row) for row in rows)


def _routine(
    name: str, kind: str, comment: str | None, result: str | None, roles: list[str], given: list[list[Any]] | None
) -> Routine:
    arguments = [(mode, Field(called, of, _plain(default))) for called, mode, of, default in given or ()]
    columns = tuple(field for mode, field in arguments if mode in "tob")
    returns = "table" if (result or "").startswith("TABLE") else (result or "").lower()
    return Routine(
        name,
        kind,
        tuple(field for mode, field in arguments if mode in "ivb"),
        returns,
        columns,
        comment or "",
        tuple(roles),
    )


def _relations(connection: psycopg.Connection[Any]) -> tuple[Relation, ...]:
    rows = connection.execute(
        """
        select c.relname::text
             , case c.relkind when 'v' then 'view' else 'table' end
             , obj_description(c.oid, 'pg_class')
             , array(select r from unnest(%s::text[]) as r where has_table_privilege(r, c.oid, 'select'))
             , (select json_agg(
                         json_build_array(
                           a.attname, format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum))
                         order by a.attnum)
                  from pg_attribute a
                 where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
          from pg_class c
         where c.relnamespace = 'logosim'::regnamespace and c.relkind in ('r', 'v')
         order by c.relname::text collate "C"
        """,
        (list(ROLES),),
    ).fetchall()
    return tuple(
        Relation(name, kind, tuple(Field(c, t, comment=said) for c, t, said in columns), comment or "", tuple(roles))
        for name, kind, comment, roles, columns in rows
    )


def _plain(default: str | None) -> str | None:
    """A default as a person writes it: `NULL::text[]` -> `null`, `'24:00:00'::interval` -> `'24:00:00'`."""
    if default is None:
        return None
    bare = re.sub(r"::[a-z_ .]+(\[\])?$", "", default)
    return "null" if bare == "NULL" else bare


def signatures(catalogue: Catalogue) -> str:
    """Functions and views as sql/signatures.txt lists them: a line for each, and below it one for each field."""
    lines: list[str] = []
    for routine in catalogue.routines:
        lines.append(f"{routine.kind} {routine.name}")
        lines += [f"  {field}" for field in routine.parameters]
        lines += [f"  -> {routine.returns}"] if routine.returns else []
        lines += [f"  -> {field}" for field in routine.columns]
    for view in catalogue.views:
        lines.append(f"view {view.name}")
        lines += [f"  -> {field}" for field in view.columns]
    return "\n".join(lines) + "\n"


def broken(listed: str, present: str) -> tuple[str, ...]:
    """How `present` breaks the signatures that are `listed`, both as `signatures` writes them; a sentence for each.

    A signature may gain parameters that have a default, and columns, each behind those that are there. Nothing else
    may change: neither names, types, defaults or order, nor what is returned.
    """
    now = dict(_blocks(present))
    return tuple(
        said
        for name, fields in _blocks(listed)
        for said in ([f"{name} is gone"] if name not in now else _changes(name, fields, now[name]))
    )


def _blocks(text: str) -> Iterable[tuple[str, list[str]]]:
    for block in re.split(r"\n(?=\S)", text.strip("\n")):
        name, *fields = block.split("\n")
        if name:
            yield name, [field.strip() for field in fields]


def _changes(name: str, listed: list[str], present: list[str]) -> Iterable[str]:
    for is_result in (False, True):
        before = [field for field in listed if field.startswith("->") == is_result]
        after = [field for field in present if field.startswith("->") == is_result]
        for place, field in enumerate(before):
            if place >= len(after):
                yield f"{name} has no {field.removeprefix('-> ')!r} any more"
            elif after[place] != field:
                yield f"{name} has {after[place].removeprefix('-> ')!r} where {field.removeprefix('-> ')!r} was"
        for field in after[len(before) :]:
            if not is_result and " default " not in field:
                yield f"{name} has a new parameter without a default, {field!r}"
