from logosim.database.psql import command


def test_the_password_goes_by_the_environment_and_never_by_the_command_line() -> None:
    line, environment = command("postgresql://ann:s3cret@db.example:5433/marks", ["-c", "select 1"], {"PATH": "/bin"})
    assert not any("s3cret" in part for part in line)
    assert line[-2:] == ["-c", "select 1"]
    assert line[1:3] == ["-v", "SHOW_CONTEXT=never"]  # the inside of functions tells an analyst nothing
    assert {"host=db.example", "port=5433", "user=ann", "dbname=marks"} <= set(line[3].split())
    assert environment == {"PATH": "/bin", "PGPASSWORD": "s3cret"}


def test_a_url_without_password_adds_none() -> None:
    _, environment = command("postgresql:///logosim?host=/tmp/socket", [], {})
    assert environment == {}
