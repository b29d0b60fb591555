"""The commands and their options; the work is in the modules beside."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from server.cli import terminal
from streaming.errors import NightAnchorError

app = typer.Typer(
    help="NightAnchor, the presenter who never sleeps · 永不下播的数字人主播",
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
)
looks = typer.Typer(help="Presenters · 形象", no_args_is_help=True)
adapters = typer.Typer(help="LoRA adapters · 适配器", no_args_is_help=True)
token = typer.Typer(help="Access tokens · 访问令牌", no_args_is_help=True)
app.add_typer(looks, name="looks")
app.add_typer(adapters, name="adapters")
app.add_typer(token, name="token")
airlog = typer.Typer(help="The record of what was spoken · 播出日志", no_args_is_help=True)
app.add_typer(airlog, name="airlog")

Data = Annotated[Path, typer.Option(help="Data folder: database, looks, pictures, recordings · 数据目录")]
Config = Annotated[
    Path | None, typer.Option(help="Settings file; nightanchor.yaml beside the data folder if there · 配置文件")
]
DATA = Path(os.environ.get("NIGHTANCHOR_DATA", "data"))


@app.command()
def run(
    data: Data = DATA,
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on · 监听地址")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of panel and API · 端口")] = None,
    browser: Annotated[bool, typer.Option(help="Open the panel in a browser · 打开浏览器")] = True,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Tell what the supervisor does")] = False,
) -> None:
    """Go on air and stay there until Ctrl-C · 开播，按 Ctrl-C 下播."""
    from server.cli.run import run as go

    _guarded(lambda: go(data=data, config=config, host=host, port=port, browser=browser, verbose=verbose))


@looks.command("add")
def looks_add(
    picture: Annotated[Path, typer.Argument(help="Front view, mouth closed, shoulders visible · 正面照片")],
    name: Annotated[str | None, typer.Option(help="What to call it · 名称")] = None,
    landmarks: Annotated[
        Path | None, typer.Option(help="JSON file with eyes, mouth and chin, where they can't be found · 五官坐标")
    ] = None,
    data: Data = DATA,
    config: Config = None,
) -> None:
    """Make a presenter from a picture · 用照片制作形象."""
    from server.cli.looks import add

    _guarded(lambda: add(data, config, picture, name or picture.stem, landmarks))


@looks.command("list")
def looks_list(data: Data = DATA, config: Config = None) -> None:
    """List the presenters · 列出形象."""
    from server.cli.looks import show

    _guarded(lambda: show(data, config))


@adapters.command("add")
def adapters_add(
    file: Annotated[Path, typer.Argument(help="A .safetensors file, or a PEFT folder · 文件或 PEFT 文件夹")],
    name: Annotated[str, typer.Option(help="What to call it · 名称")] = "",
    licence: Annotated[str, typer.Option(help="Licence · 许可")] = "",
    likeness: Annotated[str, typer.Option(help="Real person: none, person, unknown · 是否真人形象")] = "unknown",
    consent_by: Annotated[str, typer.Option(help="Who consented, for a real person · 授权人")] = "",
    consent_note: Annotated[str, typer.Option(help="Where that is written down · 授权说明")] = "",
    trigger_words: Annotated[str, typer.Option(help="Comma separated; empty: the file's own · 触发词")] = "",
    data: Data = DATA,
    config: Config = None,
) -> None:
    """Inspect and convert an adapter, and keep it · 添加适配器."""
    from server.cli.adapters import add

    fields = {
        "name": name or file.stem, "licence": licence, "likeness": likeness, "consent_by": consent_by,
        "consent_note": consent_note, "trigger_words": trigger_words,
    }
    _guarded(lambda: add(data, config, file, fields))


@adapters.command("list")
def adapters_list(data: Data = DATA, config: Config = None) -> None:
    """List the adapters · 列出适配器."""
    from server.cli.adapters import listing

    _guarded(lambda: listing(data, config))


@adapters.command("show")
def adapters_show(
    adapter: Annotated[str, typer.Argument(help="Its id · 编号")], data: Data = DATA, config: Config = None
) -> None:
    """All that is known of one · 查看一个适配器."""
    from server.cli.adapters import show

    _guarded(lambda: show(data, config, adapter))


@adapters.command("remove")
def adapters_remove(
    adapter: Annotated[str, typer.Argument(help="Its id · 编号")], data: Data = DATA, config: Config = None
) -> None:
    """Remove one that nothing uses · 删除适配器."""
    from server.cli.adapters import remove

    _guarded(lambda: remove(data, config, adapter))


@adapters.command("activate")
def adapters_activate(
    room: Annotated[str, typer.Option(help="The room · 直播间")] = "main",
    persona: Annotated[str | None, typer.Option(help="Who shall be on air · 人设")] = None,
    visual: Annotated[str | None, typer.Option(help="A visual adapter over what is on air · 形象适配器")] = None,
    language: Annotated[str | None, typer.Option(help="A language adapter over what is on air · 语言适配器")] = None,
    weight: Annotated[float | None, typer.Option(min=-2.0, max=2.0, help="Its weight · 权重")] = None,
    when: Annotated[str, typer.Option(help="now, boundary (of a sentence), or an ISO time · 时机")] = "boundary",
    wait: Annotated[bool, typer.Option(help="Follow it to its end · 等待完成")] = True,
    data: Data = DATA,
    config: Config = None,
) -> None:
    """Change who is on air · 换人或换装."""
    from server.cli.adapters import activate

    body = {"room": room, "persona": persona, "visual": visual, "language": language, "weight": weight, "when": when}
    _guarded(lambda: activate(data, config, {k: v for k, v in body.items() if v is not None}, wait))


@adapters.command("rollback")
def adapters_rollback(
    room: Annotated[str, typer.Option(help="The room · 直播间")] = "main", data: Data = DATA, config: Config = None
) -> None:
    """Go back to who was on air before · 换回上一位."""
    from server.cli.adapters import rollback

    _guarded(lambda: rollback(data, config, room))


@airlog.command("verify")
def airlog_verify(
    room: Annotated[str | None, typer.Option(help="One room only · 只查一个直播间")] = None, data: Data = DATA
) -> None:
    """Prove that no record was changed, taken out or put in · 校验日志未被改动."""
    from server.cli.airlog import check

    _guarded(lambda: check(data, room))


@airlog.command("export")
def airlog_export(
    room: Annotated[str, typer.Option(help="The room · 直播间")] = "main",
    form: Annotated[str, typer.Option("--format", help="csv, jsonl or srt · 格式")] = "csv",
    out: Annotated[Path | None, typer.Option(help="File to write; the terminal otherwise · 输出文件")] = None,
    since: Annotated[datetime | None, typer.Option(help="From (UTC) · 起始时间（UTC）")] = None,
    until: Annotated[datetime | None, typer.Option(help="To (UTC) · 结束时间（UTC）")] = None,
    recording: Annotated[str, typer.Option(help="Only what was said in this recording · 只导出该录像文件")] = "",
    data: Data = DATA,
) -> None:
    """Export it · 导出日志."""
    from server.cli.airlog import formats, write

    _guarded(lambda: write(data, room, formats(form), out, since, until, recording))


@token.command("new")
def token_new(
    role: Annotated[str, typer.Option(help="viewer, operator or owner · 角色")] = "operator",
    name: Annotated[str, typer.Option(help="Whom it is for · 给谁用")] = "command line",
    data: Data = DATA,
    config: Config = None,
) -> None:
    """Make a token and print it once · 新建令牌（只显示一次）."""

    def work() -> int:
        from server.cli.prepare import in_process

        answer = in_process(data, config, "token", role, name)
        typer.echo(answer["token"])
        if answer["owner"] and answer["owner"] != answer["token"]:
            # The data folder was new: its owner's token exists from now on and is shown nowhere else.
            typer.echo(f"owner: {answer['owner']}")
        return 0

    _guarded(work)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    help="Train a LoRA adapter from one YAML: --config X.yaml [--explain] [--resume] [--overwrite] · 训练 LoRA",
)
def train(ctx: typer.Context) -> None:
    """All options are the training program's own."""
    from server.cli.train import train as become

    _guarded(lambda: become(ctx.args))


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    help="Training data: prepare DIR [--trigger WORD] · 训练数据整理",
)
def dataset(ctx: typer.Context) -> None:
    """All options are that program's own."""
    from server.cli.train import dataset as become

    _guarded(lambda: become(ctx.args))


@app.command()
def doctor(data: Data = DATA, config: Config = None, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Check this machine: encoder, voice, studio, memory, disk · 检查本机."""
    from server.cli.doctor import examine

    def work() -> int:
        findings = examine(data, config)
        if as_json:
            typer.echo(json.dumps([f._asdict() for f in findings], ensure_ascii=False, indent=2))
        else:
            for finding in findings:
                terminal.check(finding.ok, finding.what, finding.next_step)
        return 0 if all(f.ok is not False for f in findings) else 1

    _guarded(work)


@app.command()
def version() -> None:
    """Print the version · 版本."""
    typer.echo(metadata.version("nightanchor"))


def _guarded(work: Callable[[], int]) -> None:
    """Run `work`; a known error becomes two lines and an exit code, not a traceback."""
    try:
        code = work()
    except NightAnchorError as e:
        terminal.failure(str(e), e.next_step)
        raise typer.Exit(2) from None
    raise typer.Exit(code)
