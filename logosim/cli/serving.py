"""Commands for the REST front door: serve it, and manage its keys."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from types import FrameType

import rich_click as click
import uvicorn

from logosim.api.access import is_loopback
from logosim.api.app import create_app
from logosim.api.service import Limits
from logosim.cli.display import console, errors
from logosim.domain.parse import parse_text
from logosim.errors import ConfigurationError, LogosimError
from logosim.runtime import Runtime
from logosim.settings import Settings
from workers.stopping import told_to_end


@click.command(epilog="Example: logosim serve --port 8000, then open http://127.0.0.1:8000/schema/openapi.json")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to bind; any but loopback wants API keys."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any free one.")
@click.pass_obj
def serve(settings: Settings, host: str, port: int) -> None:
    """Serve the REST API."""
    require_key = not is_loopback(host)
    with Runtime.open(settings, role="logosim_api") as runtime:
        if require_key and not any(key.revoked_at is None for key in runtime.keys.list()):
            raise ConfigurationError(
                f"Bound to {host}, the API wants a key, and there is none.", hint="Make one: logosim keys add NAME"
            )
        sockets = listen(host, port)
        limits = Limits(max_picture_bytes=settings.max_picture_bytes, searches_at_once=settings.inference_threads)
        app = create_app(runtime, require_key=require_key, limits=limits)
        runtime.warm()
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, server_header=False))
        address = f"{f'[{host}]' if ':' in host else host}:{sockets[0].getsockname()[1]}"
        errors.print(f"Serving on http://{address} (stop with Ctrl-C)", highlight=False)

        def end(_signal: int, _frame: FrameType | None) -> None:
            server.should_exit = True

        # uvicorn has ended in good order when it passes on what it was told to end by.
        with contextlib.suppress(KeyboardInterrupt), told_to_end(end):
            server.run(sockets=sockets)
        if not server.started:
            raise LogosimError("The API did not start; what it said stands above.")


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on every address of `host`, at one port; port 0 takes a free one.

    Raises:
        ConfigurationError: there is no such host here, or the port is taken or not ours to take.
    """
    sockets: list[socket.socket] = []
    absent: list[OSError] = []  # "localhost" may have an IPv6 address where IPv6 is switched off
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in found:
            own = sockets[0].getsockname()[1] if sockets else port
            try:
                sockets.append(socket.create_server((address[0], own, *address[2:]), family=family, backlog=2048))
            except OSError as error:
                if error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                    raise
                absent.append(error)
        if not sockets:
            raise absent[0]
    except (OSError, UnicodeError) as error:
        for bound in sockets:
            bound.close()
        raise ConfigurationError(
            f"Cannot listen on {host}, port {port}: {_reason(error)}.", hint="Choose others with --host and --port."
        ) from error
    return sockets


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return "Not a host name"
    if isinstance(error, socket.gaierror) or error.errno is None:
        return error.strerror or str(error)
    return os.strerror(error.errno)  # Python's own text repeats the address


@click.group()
def keys() -> None:
    """API keys: stored hashed, shown once."""


@keys.command("add", epilog="Example: logosim keys add examiner-desk-3")
@click.argument("name")
@click.pass_obj
def add(settings: Settings, name: str) -> None:
    """Make a key called NAME and print it, once."""
    with Runtime.open(settings) as runtime:
        token = runtime.keys.add(parse_text(name) or "")
    console.print(token, highlight=False, soft_wrap=True)
    errors.print("Keep it now: only its hash is stored. Send it as the header X-API-Key.", highlight=False)


@keys.command("list")
@click.pass_obj
def list_keys(settings: Settings) -> None:
    """List the keys, without the secrets."""
    with Runtime.open(settings) as runtime:
        known = runtime.keys.list()
        if not known:
            errors.print("There are no keys. Make one: logosim keys add NAME", highlight=False)
        for key in known:
            state = f"revoked {key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else "valid"
            console.print(f"{key.name:<30} made {key.created_at:%Y-%m-%d %H:%M}  {state}", highlight=False)


@keys.command("revoke", epilog="Example: logosim keys revoke examiner-desk-3")
@click.argument("name")
@click.pass_obj
def revoke(settings: Settings, name: str) -> None:
    """Revoke the key called NAME; it stops working at once."""
    with Runtime.open(settings) as runtime:
        runtime.keys.revoke(parse_text(name) or "")
    errors.print(f"Revoked {name}.", highlight=False)
