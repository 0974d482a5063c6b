"""Commands for the REST front door: serve it, and manage its keys."""

from __future__ import annotations

import rich_click as click
import uvicorn

from logosim.api.access import is_loopback
from logosim.api.app import create_app
from logosim.api.service import Limits
from logosim.cli.display import console, errors
from logosim.errors import ConfigurationError
from logosim.runtime import Runtime
from logosim.settings import Settings


@click.command(epilog="Example: logosim serve --port 8000, then open http://127.0.0.1:8000/schema/openapi.json")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to bind; any but loopback wants API keys."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.pass_obj
def serve(settings: Settings, host: str, port: int) -> None:
    """Serve the REST API."""
    require_key = not is_loopback(host)
    with Runtime.open(settings, role="logosim_api") as runtime:
        if require_key and not any(key.revoked_at is None for key in runtime.keys.list()):
            raise ConfigurationError(
                f"Bound to {host}, the API wants a key, and there is none.", hint="Make one: logosim keys add NAME"
            )
        limits = Limits(max_picture_bytes=settings.max_picture_bytes, searches_at_once=settings.inference_threads)
        app = create_app(runtime, require_key=require_key, limits=limits)
        runtime.warm()
        errors.print(f"Serving on http://{host}:{port} (stop with Ctrl-C)", highlight=False)
        uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)


@click.group()
def keys() -> None:
    """API keys: stored hashed, shown once."""


@keys.command("add", epilog="Example: logosim keys add examiner-desk-3")
@click.argument("name")
@click.pass_obj
def add(settings: Settings, name: str) -> None:
    """Make a key called NAME and print it, once."""
    with Runtime.open(settings) as runtime:
        token = runtime.keys.add(name)
    console.print(token, highlight=False, soft_wrap=True)
    errors.print("Keep it now: only its hash is stored. Send it as the header X-API-Key.", highlight=False)


@keys.command("list")
@click.pass_obj
def list_keys(settings: Settings) -> None:
    """List the keys, without the secrets."""
    with Runtime.open(settings) as runtime:
        for key in runtime.keys.list():
            state = f"revoked {key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else "valid"
            console.print(f"{key.name:<30} made {key.created_at:%Y-%m-%d %H:%M}  {state}", highlight=False)


@keys.command("revoke", epilog="Example: logosim keys revoke examiner-desk-3")
@click.argument("name")
@click.pass_obj
def revoke(settings: Settings, name: str) -> None:
    """Revoke the key called NAME; it stops working at once."""
    with Runtime.open(settings) as runtime:
        runtime.keys.revoke(name)
    errors.print(f"Revoked {name}.", highlight=False)
