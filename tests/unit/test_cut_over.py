"""A question that meets a cut-over is looked at anew, and nothing else is asked twice."""

from __future__ import annotations

import pytest

from logosim.errors import HandleOutdated, LogosimError, ModelMismatch
from logosim.search.cut_over import ATTEMPTS, steady


class Asked:
    """Fails so often, then answers."""

    def __init__(self, failures: int, error: type[LogosimError] = ModelMismatch) -> None:
        self.failures = failures
        self.error = error
        self.calls: list[tuple[str, int]] = []

    @steady
    def ask(self, data: str, *, k: int = 20) -> str:
        """What is asked."""
        self.calls.append((data, k))
        if len(self.calls) <= self.failures:
            raise self.error
        return f"{data} {k}"


@pytest.mark.parametrize("failures", range(ATTEMPTS))
def test_it_is_asked_until_it_is_answered(failures: int) -> None:
    asked = Asked(failures)
    assert asked.ask("logo", k=5) == "logo 5"
    assert asked.calls == [("logo", 5)] * (failures + 1)


def test_a_model_that_is_not_here_is_said_in_the_end() -> None:
    asked = Asked(100)
    with pytest.raises(ModelMismatch):
        asked.ask("logo")
    assert len(asked.calls) == ATTEMPTS


def test_other_errors_are_said_at_once() -> None:
    asked = Asked(100, HandleOutdated)
    with pytest.raises(HandleOutdated):
        asked.ask("logo")
    assert len(asked.calls) == 1


def test_what_is_asked_keeps_its_name_and_documentation() -> None:
    assert (Asked.ask.__name__, Asked.ask.__doc__) == ("ask", "What is asked.")
