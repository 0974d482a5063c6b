"""What the database says becomes one of our errors, without secrets."""

from __future__ import annotations

import psycopg
import psycopg_pool
import pytest
from psycopg import errors as postgres

from logosim import errors
from logosim.store.translation import translate, translated, without_secrets


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (postgres.UndefinedTable("relation does not exist"), errors.NotMigrated),
        (postgres.UndefinedFunction("no function"), errors.NotMigrated),
        (postgres.InvalidSchemaName("no schema"), errors.NotMigrated),
        (postgres.InsufficientPrivilege("no"), errors.PrivilegeMissing),
        (postgres.AdminShutdown("going down"), errors.DatabaseUnavailable),
        (postgres.QueryCanceled("statement timeout"), errors.DatabaseError),
        (postgres.InvalidTextRepresentation("bad"), errors.InputError),
        (postgres.UniqueViolation("twice"), errors.DatabaseError),
        (psycopg.OperationalError("connection refused"), errors.DatabaseUnavailable),
        (psycopg.DataError("text fields cannot contain NUL"), errors.InputError),
        (psycopg_pool.PoolTimeout("no connection"), errors.DatabaseUnavailable),
        (psycopg_pool.PoolClosed("closed"), errors.DatabaseUnavailable),
    ],
)
def test_classes(raised: psycopg.Error, expected: type[errors.LogosimError]) -> None:
    with pytest.raises(errors.LogosimError) as found, translated():
        raise raised
    assert type(found.value) is expected
    assert found.value.__cause__ is raised


def test_other_errors_pass() -> None:
    with pytest.raises(ZeroDivisionError), translated():
        _ = 1 // 0


@pytest.mark.parametrize(
    "text",
    [
        'connection failed: "postgresql://user:s3cret@host/db"',
        "bad string: host=h password=s3cret user=u",
        "bad string: password = 's3cret \\' s3cret' user=u",
        "PASSWORD=s3cret",
        'connection failed: "postgresql://user:p@s3cret@host/db"',
    ],
)
def test_no_secrets(text: str) -> None:
    assert "s3cret" not in without_secrets(text)
    assert "s3cret" not in str(translate(psycopg.OperationalError(text)))
    assert "***" in without_secrets(text)


def test_text_without_secrets_is_kept() -> None:
    text = "could not connect to postgresql://user@host:5432/db at 10:20"
    assert without_secrets(text) == text
