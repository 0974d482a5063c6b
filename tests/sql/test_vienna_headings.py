"""Vienna codes in words: spellings, levels, what lies above and below, and the search in headings."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import psycopg
import pytest

from logosim.database import sources
from logosim.domain.vienna import canonical, level

HEADINGS = {
    row["code"]: row["label"]
    for row in csv.DictReader(
        (Path(sources.__file__).parent / "data" / "vienna.csv").read_text(encoding="utf-8").splitlines()
    )
}


def one(connection: psycopg.Connection[Any], expression: str, *parameters: object) -> Any:
    row = connection.execute(f"select {expression}".encode(), parameters).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(
    ("spelt", "long", "short"),
    [
        ("26.4.1", "26.04.01", "26.4.1"),
        ("03.07", "03.07", "3.7"),
        (" 1 ", "01", "1"),
        ("26.04.10", "26.04.10", "26.4.10"),
    ],
)
def test_both_spellings(connection: psycopg.Connection[Any], spelt: str, long: str, short: str) -> None:
    assert one(connection, "logosim.vienna_code(%s)", spelt) == long
    assert one(connection, "logosim.vienna_short(%s)", spelt) == short
    assert one(connection, "logosim.vienna_level(%s)", spelt) == level(long).value
    assert one(connection, "logosim.vienna_code(logosim.vienna_short(%s))", spelt) == long


def test_every_heading_under_both_spellings(connection: psycopg.Connection[Any]) -> None:
    for code, heading in HEADINGS.items():
        assert one(connection, "logosim.vienna_heading(%s)", code) == heading
        assert one(connection, "logosim.vienna_heading(logosim.vienna_short(%s))", code) == heading
    assert one(connection, "logosim.vienna_heading('26.04.77')") is None


def test_children_and_ancestors(connection: psycopg.Connection[Any]) -> None:
    connection.execute("insert into logosim.vienna values ('03.07.01', 'section', 'eagles', 'import')")
    categories = [code for code in HEADINGS if len(code) == 2]
    assert connection.execute("select code from logosim.vienna_children()").fetchall() == [(c,) for c in categories]
    below = [(code, heading) for code, heading in HEADINGS.items() if code.startswith("03.")]
    assert connection.execute("select code, heading from logosim.vienna_children('3')").fetchall() == below
    assert connection.execute("select * from logosim.vienna_children('3.7')").fetchall() == [
        ("03.07.01", "3.7.1", "section", "eagles")
    ]
    assert connection.execute("select * from logosim.vienna_ancestors('3.7.1')").fetchall() == [
        ("03", "3", "category", HEADINGS["03"]),
        ("03.07", "3.7", "division", HEADINGS["03.07"]),
    ]
    assert connection.execute("select * from logosim.vienna_ancestors('3')").fetchall() == []


def found(connection: psycopg.Connection[Any], *arguments: object) -> list[tuple[Any, ...]]:
    marks = ", ".join(["%s"] * len(arguments))
    query = "select code, level, similarity from logosim.vienna_search({})"
    return connection.execute(query.format(marks).encode(), arguments).fetchall()


def test_search_in_headings(connection: psycopg.Connection[Any]) -> None:
    assert found(connection, "bird")[0] == ("03.07", "division", 1.0)  # the heading has "birds"
    assert found(connection, "BÍRDS and bat")[0] == ("03.07", "division", 1.0)
    assert found(connection, "elefants")[0][0] == "03.02"  # misspelt
    assert {row[1] for row in found(connection, "animals", "category")} == {"category"}
    assert len(found(connection, "animals", None, 2)) == 2
    assert found(connection, "zzzzqqq") == []
    sun, moon = (found(connection, word)[0][0] for word in ("sun", "moon"))
    assert {(sun, 0.5), (moon, 0.5)} <= {(code, share) for code, _, share in found(connection, "sun and moon")}
    for spelt in ("3.7", " 03 7 "):  # a code, and what is below it
        connection.execute(
            "insert into logosim.vienna values ('03.07.01', 'section', 'eagles', 'import') on conflict do nothing"
        )
        assert [row[0] for row in found(connection, spelt)] == ["03.07", "03.07.01"]
    notices: list[str] = []
    connection.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
    found(connection, "the")
    assert notices == []
    row = connection.execute("select short, heading, above from logosim.vienna_search('bats')").fetchone()
    assert row == ("3.7", HEADINGS["03.07"], HEADINGS["03"])


@pytest.mark.parametrize(
    ("call", "state"),
    [
        ("logosim.vienna_short('x')", "LS004"),
        ("logosim.vienna_level('1.2.3.4')", "LS004"),
        ("logosim.vienna_heading('')", "LS004"),
        ("code from logosim.vienna_children('a')", "LS004"),
        ("code from logosim.vienna_ancestors('a')", "LS004"),
        ("code from logosim.vienna_search('★')", "LS006"),
        ("code from logosim.vienna_search('bird', 'group')", "LS006"),
        ("code from logosim.vienna_search('bird', k => 0)", "LS006"),
        ("facet from logosim.facets('{}', 'all')", "LS006"),
    ],
)
def test_misuse_has_a_state_and_a_hint(connection: psycopg.Connection[Any], call: str, state: str) -> None:
    with pytest.raises(psycopg.Error) as raised:
        connection.execute(f"select {call}".encode())
    assert raised.value.sqlstate == state
    assert raised.value.diag.message_hint


def test_the_same_as_python(connection: psycopg.Connection[Any]) -> None:
    for code in ("3", "3.7", "3.7.1", "26.15.25"):
        assert one(connection, "logosim.vienna_code(logosim.vienna_short(%s))", code) == canonical(code)
