"""What the command line tells about huge pages."""

from __future__ import annotations

import re

import pytest

from ..conftest import CommandLine


@pytest.mark.usefixtures("registered_model")
def test_how_many_there_must_be_and_whether_the_server_has_them(logosim: CommandLine) -> None:
    told = logosim("db", "tune").stdout
    buffers = re.search(r"^alter system set shared_buffers = '(\d+)MB';", told, re.MULTILINE)
    pages = re.search(r"^--   sysctl -w vm.nr_hugepages=(\d+)$", told, re.MULTILINE)
    assert buffers is not None
    assert pages is not None
    assert 1 < 2 * int(pages[1]) / int(buffers[1]) < 1.3
    status = logosim("db", "status")
    assert re.search(r"^pages      (huge|ordinary)$", status.stdout, re.MULTILINE), status.stderr
    own = logosim("db", "tune", LOGOSIM_DATABASE_URL="").stdout
    assert "\n#   sysctl -w vm.nr_hugepages=" in own
