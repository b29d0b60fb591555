"""`nightanchor adapters`: catalogue and activations from the command line, through the API of the running server."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import httpx
from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

from server.cli import terminal
from server.cli.client import checked, signed_in
from streaming.errors import BadInput, NightAnchorError, NotFound

UPLOAD_LIMIT_S, ACTIVATION_LIMIT_S = 600.0, 900.0
CONFIG = "adapter_config.json"
CHUNK = 1 << 18
OVER = ("committed", "failed", "superseded", "cancelled")


def add(data: Path, config: Path | None, source: Path, fields: dict[str, str]) -> int:
    """Upload a .safetensors file, or a folder of PEFT, and say what it is."""
    file, settings = _files(source)
    with signed_in(data, config, "operator") as api:
        body, kind = _multipart(file, settings, {k: v for k, v in fields.items() if v})
        size = file.stat().st_size
        with Progress(
            "{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn(), transient=True
        ) as progress:
            task = progress.add_task(file.name, total=size)
            made = checked(api.post(
                "/adapters", content=_counted(body, lambda n: progress.advance(task, n)),
                headers={"Content-Type": kind}, timeout=UPLOAD_LIMIT_S,
            ))
    terminal.done(
        f"适配器 {made['id']}：{made['kind']}，秩 {made['rank']}，{made['modules']} 个模块",
        f"adapter {made['id']}: {made['kind']}, rank {made['rank']}, {made['modules']} modules",
    )
    if made["kind"] == "visual" and made["likeness"] == "unknown":
        terminal.step(
            "启用前请说明它是否为真人形象：--likeness none 或 person",
            "say whether it shows a real person before it can be activated: --likeness none or person",
        )
    return 0


def _files(source: Path) -> tuple[Path, Path | None]:
    if source.is_dir():
        found = sorted(source.glob("*.safetensors"))
        if len(found) != 1:
            raise BadInput(
                f"{source} holds {len(found)} .safetensors files", next_step="give the path of one file"
            )
        source = found[0]
    if not source.is_file():
        raise NotFound(f"there is no file {source}", next_step="give the path of a .safetensors file or a PEFT folder")
    settings = source.parent / CONFIG
    return source, settings if settings.is_file() else None


def _multipart(file: Path, settings: Path | None, fields: dict[str, str]) -> tuple[Iterator[bytes], str]:
    """The body of the upload, read as it is sent, and its content type (RFC 7578)."""
    boundary = uuid.uuid4().hex

    def head(name: str, file_name: str = "") -> bytes:
        extra = f'; filename="{file_name}"' if file_name else ""
        return f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'.encode()

    def body() -> Iterator[bytes]:
        for name, value in fields.items():
            yield head(name) + value.encode() + b"\r\n"
        if settings is not None:
            yield head("config", CONFIG) + settings.read_bytes() + b"\r\n"
        yield head("file", file.name.replace('"', "'"))
        with open(file, "rb") as f:
            yield from _chunks(f)
        yield f"\r\n--{boundary}--\r\n".encode()

    return body(), f"multipart/form-data; boundary={boundary}"


def _chunks(f: BinaryIO) -> Iterator[bytes]:
    while chunk := f.read(CHUNK):
        yield chunk


def _counted(body: Iterator[bytes], tell: Any) -> Iterator[bytes]:
    for part in body:
        yield part
        tell(len(part))


def listing(data: Path, config: Path | None) -> int:
    """Print one line an adapter."""
    with signed_in(data, config, "viewer") as api:
        for a in checked(api.get("/adapters")):
            where = ", ".join(a["active_in"]) or "-"
            mega = a["size_bytes"] / (1 << 20)
            what = f"{a['kind']:9} {a['state']:13} rank {a['rank']:<4} {mega:6.1f} MB"
            print(f"{a['id']:32} {what}  {where:12} {a['name']}")
    return 0


def show(data: Path, config: Path | None, adapter_id: str) -> int:
    """Print all that is known of one."""
    with signed_in(data, config, "viewer") as api:
        for key, value in checked(api.get(f"/adapters/{adapter_id}")).items():
            if value not in (None, "", [], {}):
                print(f"{key:16} {', '.join(map(str, value)) if isinstance(value, list) else value}")
    return 0


def remove(data: Path, config: Path | None, adapter_id: str) -> int:
    """Take one out of the catalogue."""
    with signed_in(data, config, "operator") as api:
        checked(api.delete(f"/adapters/{adapter_id}"))
    terminal.done(f"已删除 {adapter_id}", f"removed {adapter_id}")
    return 0


def activate(data: Path, config: Path | None, body: dict[str, Any], wait: bool) -> int:
    """Ask for an activation and, unless it is for a time to come, follow it to its end."""
    with signed_in(data, config, "operator") as api:
        key = {"Idempotency-Key": uuid.uuid4().hex}
        document = checked(api.post("/adapters/activate", json=body, headers=key))
        if not wait or document["due"]:
            terminal.done(f"{document['id']} 已排入", f"{document['id']} is under way")
            return 0
        return _follow(api, document)


def rollback(data: Path, config: Path | None, room: str) -> int:
    """Go back to who was on air before."""
    with signed_in(data, config, "operator") as api:
        return _follow(api, checked(api.post("/adapters/rollback", json={"room": room})))


def _follow(api: httpx.Client, document: dict[str, Any]) -> int:
    until, seen = time.monotonic() + ACTIVATION_LIMIT_S, set()
    while time.monotonic() < until:
        for step in document["steps"]:
            if step["state"] != "running" and step["name"] not in seen:
                seen.add(step["name"])
                terminal.step(f"{step['name']}：{step['ms']:.0f} ms", f"{step['name']}: {step['ms']:.0f} ms")
        if document["state"] in OVER:
            break
        time.sleep(0.1)
        document = checked(api.get(f"/adapters/activations/{document['id']}"))
    if document["state"] == "committed":
        terminal.done("已换上", "on air")
        return 0
    stayed = document["stayed"]["name"]
    raise NightAnchorError(
        f"{document['message'] or document['state']} ({stayed} stays on air · {stayed} 继续直播)",
        next_step=document["next_step"],
    )
