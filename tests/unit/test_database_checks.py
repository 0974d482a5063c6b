"""Versions of servers and of pgvector, the old ones included that no test can start."""

from __future__ import annotations

import pytest

from logosim.database.checks import (
    head_revision,
    parse_version,
    require_server_version,
    require_vector_version,
    revisions,
)
from logosim.errors import DatabaseTooOld, VectorExtensionMissing


@pytest.mark.parametrize(
    ("text", "parsed"), [("0.8.4", (0, 8, 4)), ("0.10", (0, 10)), ("0.8.5-dev", (0, 8, 5)), ("1", (1,)), ("x", ())]
)
def test_versions_are_numbers(text: str, parsed: tuple[int, ...]) -> None:
    assert parse_version(text) == parsed


@pytest.mark.parametrize("number", [160000, 160011, 180006])
def test_recent_servers_will_do(number: int) -> None:
    require_server_version(number)


@pytest.mark.parametrize("number", [90624, 150014])
def test_old_servers_will_not(number: int) -> None:
    with pytest.raises(DatabaseTooOld, match=f"Postgres {number // 10000};") as raised:
        require_server_version(number)
    assert raised.value.hint


@pytest.mark.parametrize("version", ["0.8.4", "0.8.6", "0.9.0", "0.10.0", "1.0"])
def test_recent_pgvector_will_do(version: str) -> None:
    require_vector_version(version, installed=True)


@pytest.mark.parametrize("version", ["0.8.3", "0.8", "0.5.1", "nonsense"])
def test_old_pgvector_will_not(version: str) -> None:
    with pytest.raises(DatabaseTooOld, match=r"needs 0\.8\.4 or later") as raised:
        require_vector_version(version, installed=True)
    assert "alter extension vector update" in (raised.value.hint or "")


def test_no_pgvector_at_all() -> None:
    with pytest.raises(VectorExtensionMissing) as raised:
        require_vector_version(None, installed=False)
    assert raised.value.hint


def test_revisions_are_numbered_in_order() -> None:
    assert revisions()[0] == "0001"
    assert list(revisions()) == sorted(revisions())
    assert head_revision() == revisions()[-1]
