"""A database of its own for a measurement, thrown away afterwards."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from logosim.database import embedded
from logosim.runtime import Runtime, upgrade_database
from logosim.settings import Settings


@contextmanager
def scratch_database(settings: Settings, folder: Path) -> Iterator[tuple[Runtime, Settings]]:
    """An embedded server in `folder`, migrated and empty, with the model and the text reader of `settings`.

    Gives the runtime on it and the settings that name it, for processes of their own. The server is stopped at the
    end; whoever made the folder removes it.
    """
    own = dataclasses.replace(settings, data_dir=folder, database_url=None)
    try:
        upgrade_database(own)
        with Runtime.open(own) as runtime:
            yield runtime, own
    finally:
        embedded.stop(folder)
