"""The catalogue as a page to read: sql/README.md, made of the comments in the database and the headers of the files."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from pathlib import Path

from logosim.database.catalogue import Catalogue, Relation, Routine

_INTRODUCTION = """\
# The SQL of logosim

<!-- Written by `make catalogue` from the comments in the database. Change the comments, not this page. -->

Everything is in the schema `logosim`; `\\df+ logosim.*` in psql says the same as this page. Names that begin with an
underscore are internal. [examples/](examples) has a file for each use, which the tests run; the others are in
[functions/](functions), [views/](views) and [grants/](grants). Arguments can be given by name: `k => 10`. Functions and
views keep their signatures ([signatures.txt](signatures.txt)): parameters with defaults, and columns, may be added
behind; name arguments and columns, and nothing breaks.
"""

_WIDTH = 110
_ROLE_WORDS = {"logosim_analyst": "analyst", "logosim_worker": "worker", "logosim_api": "api"}
_DEFINES = re.compile(r"^create or replace (?:function|procedure|view) logosim\.([a-z]\w*)", re.MULTILINE)
_RAISED = re.compile(r"(LS[0-9]{3}) ([^,.]+)")


def page(catalogue: Catalogue, folder: Path) -> str:
    """sql/README.md.

    Args:
        catalogue: what the database says.
        folder: sql/, whose files say what belongs together and why.
    """
    examples = {file.name: file.read_text(encoding="utf-8") for file in sorted((folder / "examples").glob("*.sql"))}
    routines = {routine.name: routine for routine in catalogue.routines}
    views = {view.name: view for view in catalogue.views}
    parts = [_INTRODUCTION, _errors(folder), "## Functions\n"]
    for file in sorted((folder / "functions").glob("*.sql")):
        text = file.read_text(encoding="utf-8")
        defined = [routines.pop(name) for name in dict.fromkeys(_DEFINES.findall(text)) if name in routines]
        if defined:
            parts.append(f"### {_purpose(text)}\n\n[functions/{file.name}](functions/{file.name})\n")
            parts += [_routine(routine, examples) for routine in defined]
    parts.append("## Views\n")
    for file in sorted((folder / "views").glob("*.sql")):
        for name in _DEFINES.findall(file.read_text(encoding="utf-8")):
            parts.append(_relation(views.pop(name), f"[views/{file.name}](views/{file.name})"))
    parts.append(
        "## Tables\n\nWritten by functions only; their columns are for reading, and may change with a release.\n"
    )
    parts += [_relation(table, None) for table in catalogue.tables]
    if left := [*routines, *views]:
        raise ValueError(f"no file of {folder} makes {', '.join(left)}")
    return "\n".join(parts)


def states(folder: Path) -> dict[str, str]:
    """SQLSTATEs of our own with what they mean, as the header of functions/000_guards.sql lists them."""
    header = (folder / "functions" / "000_guards.sql").read_text(encoding="utf-8").split("\n\n")[0]
    return dict(_RAISED.findall(" ".join(header.replace("--", " ").split())))


def calls(name: str, text: str) -> bool:
    """Whether an example uses the function or view of this name."""
    return re.search(rf"\blogosim\.{name}\b", re.sub(r"--.*", "", text)) is not None


def _errors(folder: Path) -> str:
    rows = "\n".join(f"| `{state}` | {meaning} |" for state, meaning in states(folder).items())
    return f"What functions raise, each with a hint:\n\n| SQLSTATE | |\n|---|---|\n{rows}\n"


def _purpose(text: str) -> str:
    """The first sentence of a file's header, as a heading."""
    header = " ".join(line.removeprefix("--").strip() for line in text.split("\n\n")[0].splitlines())
    found = re.search(r"Purpose: (.*?)(?<!e\.g)[.](?: |$)", header)
    if found is None:
        raise ValueError(f"a file of sql/ does not begin with its purpose: {text[:60]!r}")
    said = found.group(1)
    return said[:1].upper() + said[1:]


def _routine(routine: Routine, examples: dict[str, str]) -> str:
    used = [f"[{name}](examples/{name})" for name, text in examples.items() if calls(routine.name, text)]
    told = [
        f"#### logosim.{routine.name}",
        f"```\n{_signature(routine)}\n```",
        _paragraphs(routine.comment),
        _allowed(routine.roles, "Executed by") + (f" Examples: {', '.join(used)}." if used else ""),
    ]
    return "\n\n".join(told) + "\n"


def _signature(routine: Routine) -> str:
    call = f"{routine.name}({', '.join(map(str, routine.parameters))})"
    if len(call) > _WIDTH:
        given = "\n  , ".join(map(str, routine.parameters))
        call = f"{routine.name}(\n    {given}\n)"
    columns = ", ".join(map(str, routine.columns))
    returns = f"{routine.returns} ({columns})" if columns else routine.returns
    wrapped = textwrap.fill(f"-> {returns}", _WIDTH, subsequent_indent="   ") if returns else ""
    return f"{call}\n{wrapped}".rstrip()


def _relation(relation: Relation, file: str | None) -> str:
    rows = [f"| `{field.name}` | {field.type} | {_cell(field.comment or '')} |" for field in relation.columns]
    where = f" {file}" if file else ""
    return "\n".join(
        [
            f"### logosim.{relation.name}",
            "",
            f"{relation.comment}.{where}",
            "",
            _allowed(relation.roles, "Read by"),
            "",
            "| column | type | |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _allowed(roles: Sequence[str], verb: str) -> str:
    if not roles:
        return f"{verb}: the owner."
    return f"{verb}: {', '.join(_ROLE_WORDS[role] for role in roles)}."


def _paragraphs(comment: str) -> str:
    """A comment as Markdown: each of its lines is a paragraph."""
    lines = [line if line.endswith(".") else f"{line}." for line in comment.split("\n")]
    return "\n\n".join(line.replace("<", r"\<").replace("*", r"\*").replace("_", r"\_") for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
