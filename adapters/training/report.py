"""Report: one self-contained HTML page of a training, made from its journal; no script, no outside file."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from adapters.training import journal
from adapters.training.folder import Folder
from adapters.training.terminal import duration, number

WIDTH, HEIGHT, LEFT, BOTTOM = 860, 300, 64, 26
COLUMNS, THUMB = 6, 200
_STYLE = """
:root{color-scheme:light dark;--ink:#1b1d22;--soft:#6a7080;--line:#d9dce3;--card:#fff;--ground:#f4f5f8;--a:#3564e0;--b:#d2603a}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaf0;--soft:#9aa1b2;--line:#363b48;--card:#1e222b;--ground:#14171d;--a:#7ea2ff;--b:#ff9a70}}
body{margin:0;font:15px/1.55 system-ui,"PingFang SC","Microsoft YaHei",sans-serif;background:var(--ground);color:var(--ink)}
main{max-width:920px;margin:0 auto;padding:28px 20px 60px}h1{font-size:24px;margin:0 0 4px}h2{font-size:16px;margin:30px 0 10px}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:16px 18px;margin:10px 0;overflow-x:auto}
.soft{color:var(--soft)}table{border-collapse:collapse;width:100%}td,th{padding:6px 10px;text-align:left;border-bottom:1px solid var(--line)}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}tr:last-child td{border-bottom:0}.grid{display:grid;gap:8px}
img{max-width:100%;border-radius:8px;display:block}svg{max-width:100%;height:auto;display:block}svg text{font-size:11px;fill:var(--soft)}
.advice{border-left:4px solid var(--a)}.train{stroke:var(--a)}.val{stroke:var(--b)}pre{white-space:pre-wrap;margin:0;font-size:13px}
"""


def render(folder: Folder) -> str:
    """The page of the training in `folder`."""
    events = list(journal.read(folder.run))
    by: dict[str, list[dict[str, Any]]] = {}
    for e in events:
        by.setdefault(e["event"], []).append(e)
    begin, end = (by.get(k, [{}])[-1] for k in ("begin", "end"))
    steps, validations = _last_by_step(by.get("step", [])), _last_by_step(by.get("validation", []))
    name = html.escape(folder.name)
    body = [
        f"<h1>{name}</h1>", f'<p class="soft">{_esc(begin.get("kind"))} · {_esc(begin.get("device"))} · '
        f'{_esc(end.get("message"))}</p>',
        *(f'<div class="card advice"><b>{_esc(a["zh"])}</b><br>{_esc(a["en"])}</div>' for a in end.get("advice", [])),
        "<h2>损失曲线 · Loss</h2>", f'<div class="card">{_plot(steps, validations, end.get("best_step"))}</div>',
        _samples(folder, by.get("sample", [])), _compared(by.get("table", [])), _facts(folder, begin, end, steps),
        _notes(by.get("note", [])),
    ]
    return (
        f'<!doctype html><html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{name}</title><style>{_STYLE}</style><main>{''.join(body)}</main></html>"
    )


def _esc(value: Any) -> str:
    return html.escape("" if value is None else str(value))


def _last_by_step(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({e["step"]: e for e in events if e.get("loss") is not None}.values())


def _plot(steps: list[dict[str, Any]], validations: list[dict[str, Any]], best: int | None) -> str:
    if not steps:
        return "—"
    raw = [(e["step"], e["loss"]) for e in steps]
    held = [(e["step"], e["loss"]) for e in validations]
    learnt = [(e["step"], e["train_loss"]) for e in validations if e.get("train_loss") is not None]
    smooth = _smoothed(raw)
    # One wild step must not flatten the rest of the picture.
    ordered = sorted(v for _, v in (*smooth, *held, *learnt))
    low, high = ordered[0], ordered[-1]
    pad = 0.06 * (high - low) or abs(high) * 0.05 or 0.01
    low, high = max(0.0, low - pad), high + pad
    last = raw[-1][0]

    def at(step: float, loss: float) -> str:
        x = LEFT + (WIDTH - LEFT - 10) * step / max(1, last)
        y = 8 + (HEIGHT - BOTTOM - 8) * (1 - (min(max(loss, low), high) - low) / (high - low))
        return f"{x:.1f},{y:.1f}"

    def line(points: Sequence[tuple[float, float]], kind: str, more: str = "") -> str:
        path = " ".join(at(*p) for p in _thinned(points))
        return f'<polyline class="{kind}" fill="none" stroke-width="2" points="{path}" {more}/>'

    parts = []
    for n in range(5):
        value = low + (high - low) * n / 4
        y = at(0, value).split(",")[1]
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y}" y2="{y}" stroke="var(--line)"/>'
                     f'<text x="{LEFT - 6}" y="{float(y) + 4:.0f}" text-anchor="end">{value:.3g}</text>')
        step = last * n / 4
        end = "middle" if n < 4 else "end"
        parts.append(f'<text x="{at(step, low).split(",")[0]}" y="{HEIGHT - 8}" text-anchor="{end}">{step:.0f}</text>')
    parts += [line(raw, "train", 'opacity=".18"'), line(smooth, "train"), line(learnt, "train", 'stroke-dasharray="2 4"'),
              line(held, "val")]
    if best is not None and held:
        loss = min(held, key=lambda p: abs(p[0] - best))[1]
        x, y = at(best, loss).split(",")
        parts.append(f'<circle cx="{x}" cy="{y}" r="5" fill="var(--b)"/>')
    legend = ('<p class="soft"><span style="color:var(--a)">━</span> 训练 · training &nbsp; '
              '<span style="color:var(--b)">━</span> 验证 · held out &nbsp; <span style="color:var(--b)">●</span> 保留的一步 · the step that was kept</p>')
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}">{"".join(parts)}</svg>{legend}'


def _smoothed(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Exponential mean, corrected for its beginning."""
    keep = 1 - 1 / max(1.0, min(50.0, len(points) / 10))
    out, mean, weight = [], 0.0, 0.0
    for step, loss in points:
        mean, weight = keep * mean + (1 - keep) * loss, keep * weight + (1 - keep)
        out.append((step, mean / weight))
    return out


def _thinned(points: Sequence[tuple[float, float]], most: int = 800) -> Sequence[tuple[float, float]]:
    stride = max(1, len(points) // most)
    return [*points[::stride], *([points[-1]] if points and (len(points) - 1) % stride else [])]


def _samples(folder: Folder, events: list[dict[str, Any]]) -> str:
    if not events:
        return ""
    by_prompt: dict[tuple[int, str], dict[int, dict[str, Any]]] = {}
    for e in events:
        by_prompt.setdefault((e["index"], e["prompt"]), {})[e["step"]] = e
    out = ["<h2>样例 · Samples</h2>"]
    for (_, prompt), found in sorted(by_prompt.items()):
        every = [found[s] for s in sorted(found)]
        chosen = every if len(every) <= COLUMNS else [
            every[round(n * (len(every) - 1) / (COLUMNS - 1))] for n in range(COLUMNS)
        ]
        if chosen[0].get("file"):
            cells = "".join(
                f'<figure style="margin:0">{_picture(folder.samples / e["file"])}<figcaption class="soft">'
                f'{e["step"]}</figcaption></figure>' for e in chosen
            )
            inner = f'<div class="grid" style="grid-template-columns:repeat({len(chosen)},1fr)">{cells}</div>'
        else:
            rows = "".join(f'<tr><td class="n">{e["step"]}</td><td>{_esc(e.get("text"))}</td></tr>' for e in chosen)
            inner = f"<table>{rows}</table>"
        out.append(f'<div class="card"><p class="soft">{_esc(prompt)}</p>{inner}</div>')
    return "".join(out)


def _picture(path: Path) -> str:
    try:
        with Image.open(path) as image:
            small = image.convert("RGB")
            small.thumbnail((THUMB * 2, THUMB * 2))
            buffer = io.BytesIO()
            small.save(buffer, "JPEG", quality=85)
    except OSError:
        return "—"
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}">'


def _compared(events: list[dict[str, Any]]) -> str:
    rows = events[-1]["rows"] if events else []
    if not rows:
        return ""
    how = {"measured": "实测 · measured", "computed": "推算 · computed", "counted": "计数 · counted"}
    lines = "".join(
        f'<tr><td>{_esc(r["zh"])} · {_esc(r["name"])}</td><td class="n">{number(r["lora"], r["unit"])}</td>'
        f'<td class="n">{number(r["full"], r["unit"])}</td><td class="soft">{how.get(r["how"], r["how"])}</td></tr>'
        for r in rows
    )
    return ('<h2>LoRA 与全参数 · LoRA and full-parameter training</h2><div class="card"><table><tr><th></th>'
            '<th class="n">LoRA</th><th class="n">全参数 · full</th><th>全参数一栏 · the full column is</th></tr>'
            f"{lines}</table></div>")


def _facts(folder: Folder, begin: dict[str, Any], end: dict[str, Any], steps: list[dict[str, Any]]) -> str:
    try:
        config = yaml.safe_load((folder.run / "config.yaml").read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        config = {}
    seconds = sum(1 / e["speed"] for e in steps if e.get("speed"))
    shown = {
        "文件 · files": ", ".join(end.get("files", [])),
        "大小 · size": number((end.get("size_bytes") or 0) / 1e6, "MB"),
        "步数 · steps": f'{steps[-1]["step"] if steps else 0} / {begin.get("steps", 0)}',
        "训练时间 · time": duration(seconds), "素材 · data": ", ".join(f"{k} {_plain(v)}" for k, v in end.get("facts", {}).items()),
    }
    rows = "".join(f"<tr><td>{k}</td><td>{_esc(v)}</td></tr>" for k, v in shown.items())
    text = yaml.safe_dump(config, allow_unicode=True, sort_keys=True)
    return (f'<h2>数据 · Facts</h2><div class="card"><table>{rows}</table></div><div class="card"><details><summary>'
            f"配置 · Settings</summary><pre>{_esc(text)}</pre></details></div>")


def _plain(value: Any) -> str:
    return ", ".join(f"{k}: {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)


def _notes(events: list[dict[str, Any]]) -> str:
    if not events:
        return ""
    lines = "".join(f'<li>{_esc(e["message"])} {_esc(e.get("next_step"))}</li>' for e in events)
    return f'<h2>说明 · Notes</h2><div class="card"><ul>{lines}</ul></div>'
