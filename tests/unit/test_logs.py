import io
import json
import logging
from collections.abc import Iterator

import pytest

from logosim.logs import configure


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Loggers belong to the whole process: other tests find them as they were."""
    loggers = [logging.getLogger(name) for name in ("logosim", "workers", "psycopg.pool")]
    before = [(logger.handlers, logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def test_json_lines_carry_a_constant_message_and_fields() -> None:
    stream = io.StringIO()
    configure("INFO", "json", stream)
    logging.getLogger("logosim.test").info("Batch stored", extra={"action": "batch_stored", "marks": 16})
    entry = json.loads(stream.getvalue())
    assert (entry["message"], entry["action"], entry["marks"]) == ("Batch stored", "batch_stored", 16)


def test_text_lines_hold_the_traceback_below() -> None:
    stream = io.StringIO()
    configure("INFO", "text", stream)
    try:
        raise ValueError("wrong")
    except ValueError:
        logging.getLogger("workers.test").exception("It failed", extra={"action": "it_failed"})
    first, *rest = stream.getvalue().splitlines()
    assert first.endswith("ERROR It failed action=it_failed")
    assert rest[-1] == "ValueError: wrong"


def test_lines_below_the_level_are_left_out() -> None:
    stream = io.StringIO()
    configure("WARNING", "text", stream)
    logging.getLogger("logosim").info("Quiet", extra={"action": "quiet"})
    assert stream.getvalue() == ""
