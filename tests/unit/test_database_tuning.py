"""Recommended settings grow with the machine and stay within it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logosim.database.tuning import (
    MEBIBYTE,
    REASONS,
    Machine,
    about_huge_pages,
    as_configuration,
    as_statements,
    huge_pages,
    recommended,
    this_machine,
)


def mebibytes(value: str) -> int:
    assert value.endswith("MB")
    return int(value[:-2])


@given(st.integers(512, 2**21), st.integers(1, 256))
def test_settings_fit_the_machine(memory: int, cores: int) -> None:
    settings = recommended(Machine(memory * MEBIBYTE, cores))
    assert set(settings) == set(REASONS)
    assert 128 <= mebibytes(settings["shared_buffers"]) <= max(memory // 4, 128)
    assert mebibytes(settings["maintenance_work_mem"]) <= max(memory // 8, 64)
    assert int(settings["max_parallel_maintenance_workers"]) < cores
    assert 8 <= mebibytes(settings["work_mem"]) <= 64


def test_more_memory_gives_more() -> None:
    small, large = (recommended(Machine(gib * 1024 * MEBIBYTE, 4)) for gib in (2, 24))
    for name in ("shared_buffers", "effective_cache_size", "maintenance_work_mem", "work_mem"):
        assert mebibytes(small[name]) < mebibytes(large[name])


@pytest.mark.parametrize(("buffers", "taken"), [(128, 75), (1024, 543), (6026, 3112), (8192, 4222)])
def test_huge_pages_are_enough_and_not_many_more(buffers: int, taken: int) -> None:
    """`taken`: what Postgres 18.6 said of itself (`postgres -C shared_memory_size_in_huge_pages`)."""
    assert taken <= huge_pages({"shared_buffers": f"{buffers}MB"}) <= 1.02 * taken + 16


def test_advice_on_huge_pages_is_a_comment() -> None:
    settings = recommended(Machine(24 * 1024 * MEBIBYTE, 2))
    for mark in ("--", "#"):
        lines = about_huge_pages(settings, mark).splitlines()
        assert all(line.startswith(mark) for line in lines)
        assert f"vm.nr_hugepages={huge_pages(settings)}" in lines[1]


def test_this_machine_is_real() -> None:
    machine = this_machine()
    assert machine.memory_bytes > 256 * MEBIBYTE
    assert machine.cores >= 1


def test_as_text() -> None:
    assert as_configuration({"jit": "off", "own": "it's"}) == (
        "jit = 'off'  # compiling costs more than these queries take\nown = 'it''s'\n"
    )
    assert as_statements({"jit": "off"}).startswith("alter system set jit = 'off';  -- ")
