"""Advice: what a course of training says, in plain words, with numbers to set."""

from __future__ import annotations

import math
from dataclasses import dataclass

from adapters.training.config import TrainConfig
from adapters.training.loop import Outcome

RISE, FALL, LITTLE = 0.03, 0.01, 0.01
DROPOUT = 0.2


@dataclass(frozen=True, slots=True)
class Advice:
    """`code` for programs; the same in English and Chinese for people."""

    code: str
    en: str
    zh: str


def advise(config: TrainConfig, outcome: Outcome, steps: int, held_out: int) -> list[Advice]:
    """From the losses on held-out items: overfitting, too little learning, more to gain, unrest."""
    course = outcome.course
    out: list[Advice] = []
    if not held_out or len(course.validations) < 2:
        out.append(Advice(
            "blind", "Too few items were held out to see overfitting: look at the samples, and add items.",
            "留出的样本太少，看不出是否过拟合：请看样图，并多加一些素材。",
        ))
        return out + _unrest(config, outcome)
    first, last = course.validations[0], course.validations[-1]
    best = min(course.validations, key=lambda v: v[1])
    gained = (first[1] - best[1]) / max(1e-12, first[1])
    if last[1] > best[1] * (1 + RISE) and last[2] < best[2] * (1 + RISE):
        out.append(_overfits(config, best[0], steps))
    elif gained < LITTLE:
        rate = _round(config.rate * 2)
        out.append(Advice(
            "little", f"It learned little (held-out loss {first[1]:.4f} -> {best[1]:.4f}): raise learning_rate to "
            f"{rate}, or epochs, and check that the captions fit the pictures.",
            f"几乎没学到东西（验证损失 {first[1]:.4f} → {best[1]:.4f}）：把 learning_rate 提到 {rate}，或增加 epochs，"
            "并检查描述与素材是否相符。",
        ))
    elif best[0] == last[0] and outcome.why == "done" and _falls(course.validations):
        epochs = math.ceil(config.epochs * 1.5)
        out.append(Advice(
            "more", f"It was still getting better at the end: epochs {epochs} may gain more.",
            f"到结束时仍在变好：epochs 改为 {epochs} 可能更好。",
        ))
    if not out:
        out.append(Advice(
            "good", f"Held-out loss fell from {first[1]:.4f} to {best[1]:.4f} (step {best[0]}) and did not rise again.",
            f"验证损失从 {first[1]:.4f} 降到 {best[1]:.4f}（第 {best[0]} 步），没有再升高。",
        ))
    return out + _unrest(config, outcome)


def _overfits(config: TrainConfig, since: int, steps: int) -> Advice:
    rate = _round(config.rate * 0.75)
    epochs = max(1, min(config.epochs - 1, math.ceil(config.epochs * since / max(1, steps) * 1.15)))
    dropout = DROPOUT if config.lora_dropout < DROPOUT else min(0.5, config.lora_dropout + 0.1)
    fewer = f" or epochs to {epochs}" if epochs < config.epochs else ""
    zh_fewer = f"，或把 epochs 改为 {epochs}" if epochs < config.epochs else ""
    return Advice(
        "overfits", f"It overfits since step {since}: lower learning_rate to {rate}{fewer}, lora_dropout {dropout:g}; "
        "more and more varied items help most. The best step was kept.",
        f"从第 {since} 步起过拟合：把 learning_rate 降到 {rate}{zh_fewer}，lora_dropout 设为 {dropout:g}；"
        "更多、更多样的素材最有效。已保留最好的那一步。",
    )


def _unrest(config: TrainConfig, outcome: Outcome) -> list[Advice]:
    losses = [loss for _, loss in outcome.course.curve]
    if len(losses) < 30:
        return []
    third = len(losses) // 3
    early, late = sum(losses[:third]) / third, sum(losses[-third:]) / third
    if late <= early * 1.1:
        return []
    rate = _round(config.rate / 2)
    return [Advice(
        "unrest", f"The training loss rose from {early:.4f} to {late:.4f}: lower learning_rate to {rate}.",
        f"训练损失从 {early:.4f} 升到 {late:.4f}：把 learning_rate 降到 {rate}。",
    )]


def _falls(validations: list[tuple[int, float, float]]) -> bool:
    return len(validations) >= 3 and validations[-1][1] < validations[-3][1] * (1 - FALL)


def _round(rate: float) -> str:
    return f"{float(f'{rate:.2g}'):g}"
