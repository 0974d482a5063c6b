"""The catalogue says what the database says, everything public has an example, and signatures only grow."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from logosim.database import sources
from logosim.database.catalogue import Catalogue, broken, read_catalogue, signatures
from logosim.database.catalogue_page import calls, page, states
from logosim.store.translation import OWN

from ..conftest import CommandLine

FOLDER = sources.sql_dir()
ANEW = "run `make catalogue`"


@pytest.fixture
def catalogue(connection: psycopg.Connection[Any]) -> Catalogue:
    return read_catalogue(connection)


def test_the_page_is_what_the_database_says(catalogue: Catalogue) -> None:
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == page(catalogue, FOLDER), ANEW


def test_no_signature_that_is_listed_is_broken(catalogue: Catalogue) -> None:
    listed = (FOLDER / "signatures.txt").read_text(encoding="utf-8")
    assert broken(listed, signatures(catalogue)) == ()
    assert listed == signatures(catalogue), ANEW


def test_everything_public_has_an_example(catalogue: Catalogue) -> None:
    examples = "\n".join(file.read_text(encoding="utf-8") for file in (FOLDER / "examples").glob("*.sql"))
    names = [of.name for of in (*catalogue.routines, *catalogue.views)]
    assert [name for name in names if not calls(name, examples)] == []
    assert not calls("similar", "-- logosim.similar(x)\nselect logosim.similar_to(x)")


def test_a_public_name_has_one_signature(catalogue: Catalogue) -> None:
    """Arguments are given by name, and a second function of a name would make that ambiguous."""
    names = [routine.name for routine in catalogue.routines]
    assert len(names) == len(set(names))


def test_sqlstates_are_the_same_everywhere(connection: psycopg.Connection[Any]) -> None:
    """In the list of functions/000_guards.sql, in what Python makes of them, in comments and in the code."""
    assert set(states(FOLDER)) == set(OWN)
    rows = connection.execute(
        "select p.prosrc || coalesce(obj_description(p.oid, 'pg_proc'), '')"
        " from pg_proc p where p.pronamespace = 'logosim'::regnamespace"
    ).fetchall()
    used = {state for row in rows for state in re.findall(r"\bLS[0-9]{3}\b", row[0])}
    assert used == set(OWN)


def test_what_is_raised_has_a_hint(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute(
        "select p.proname::text, p.prosrc from pg_proc p where p.pronamespace = 'logosim'::regnamespace"
    ).fetchall()
    for name, body in rows:
        for raised in re.findall(r"raise exception '(?:[^']|'')*'[^;]*?(?:'(?:[^']|'')*'[^;]*?)*;", body):
            assert "hint" in raised, name


LISTED = """\
function first
  one text
  two integer default 3
  -> table
  -> id uuid
  -> score real
view seen
  -> a text
"""


@pytest.mark.parametrize(
    ("old", "new", "faults"),
    [
        ("", "", ()),
        ("  -> table", "  three text default null\n  -> table", ()),
        ("  -> score real", "  -> score real\n  -> more text", ()),
        ("view seen", "function second\n  -> text\nview seen", ()),
        ("  -> a text", "  -> a text\n  -> b text", ()),
        (
            "  -> table",
            "  three text\n  -> table",
            ("function first has a new parameter without a default, 'three text'",),
        ),
        ("  one text", "  uno text", ("function first has 'uno text' where 'one text' was",)),
        ("default 3", "default 4", ("function first has 'two integer default 4' where 'two integer default 3' was",)),
        ("  two integer default 3\n", "", ("function first has no 'two integer default 3' any more",)),
        ("  -> id uuid", "  -> id text", ("function first has 'id text' where 'id uuid' was",)),
        ("  -> score real\n", "", ("function first has no 'score real' any more",)),
        ("function first", "function other", ("function first is gone",)),
        ("view seen\n  -> a text\n", "", ("view seen is gone",)),
    ],
)
def test_signatures_may_only_grow(old: str, new: str, faults: tuple[str, ...]) -> None:
    assert broken(LISTED, LISTED.replace(old, new)) == faults


def test_a_new_parameter_in_front_of_others_breaks_calls() -> None:
    assert len(broken(LISTED, LISTED.replace("  one text", "  zero text default null\n  one text"))) == 2


def test_the_command_refuses_to_break_a_signature(logosim: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "sql"
    for group in ("functions", "views", "examples"):
        (folder / group).mkdir(parents=True)
        for file in (FOLDER / group).glob("*.sql"):
            (folder / group / file.name).write_bytes(file.read_bytes())
    (folder / "signatures.txt").write_text("function gone_by\n  one text\n  -> text\n", encoding="utf-8")
    refused = logosim("db", "catalogue", folder)
    assert refused.returncode == 2
    assert "function gone_by is gone" in refused.stderr
    assert "CHANGELOG.md" in refused.stderr
    assert not (folder / "README.md").exists()
    (folder / "signatures.txt").unlink()
    written = logosim("db", "catalogue", folder)
    assert written.returncode == 0, written.stderr
    for name in ("README.md", "signatures.txt"):
        assert (folder / name).read_bytes() == (FOLDER / name).read_bytes(), ANEW
