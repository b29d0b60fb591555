"""Train: one configuration becomes one adapter."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import yaml

from adapters.errors import AdapterError, BadConfig, NoSpace, Occupied
from adapters.training import advice, checkpoint, compare, fit, journal, memory, outputs, report
from adapters.training.config import TrainConfig
from adapters.training.folder import Folder, write_whole
from adapters.training.journal import Event, Journal
from adapters.training.loop import Loop, Outcome, tell_samples
from adapters.training.sizes import check_size
from adapters.training.surroundings import described, surroundings
from adapters.training.task import Surroundings, Task

MAY_CHANGE = {
    "learning_rate", "text_encoder_learning_rate", "epochs", "max_steps", "patience", "validate_every", "sample_every",
    "sample_prompts", "sample_steps", "sample_guidance", "save_every", "compare_full", "device", "threads",
    "memory_limit_mb", "gradient_checkpointing", "cache", "resume", "overwrite", "logging_dir", "output_name",
    "licence", "gradient_clip", "max_norm", "mixed_precision", "lr_scheduler", "warmup_steps", "output_dir",
    "train_data_dir", "metadata_path", "base_model", "base_config", "trigger_words", "init_from",
}
"""What may differ when a training is resumed. Data and base are told by their hashes, not by where they lie."""
EXACT = MAY_CHANGE - {
    "learning_rate", "text_encoder_learning_rate", "epochs", "max_steps", "gradient_clip", "max_norm", "lr_scheduler",
    "warmup_steps", "mixed_precision", "device",
}


@dataclass(frozen=True, slots=True)
class Result:
    """`state` is `finished` or `stopped`; `files` begins with the one to hand on."""

    state: str
    files: tuple[Path, ...]
    best_step: int
    best_loss: float | None
    steps: int
    advice: tuple[advice.Advice, ...]


def train(config: TrainConfig, *, listeners: list[Callable[[Event], None]] | None = None) -> Result:
    """Run a training to its end; raises `AdapterError` of every kind, and leaves what can be resumed.

    SIGTERM and SIGINT end it after the step under way, with a checkpoint.
    """
    config = config.with_values(type=config.kind)
    where = surroundings(config)
    folder = Folder(config.output_dir, config.name)
    folder.claim(resume=config.resume, overwrite=config.overwrite)
    board = config.logging_dir or folder.run / "tensorboard"
    found = checkpoint.latest(folder.checkpoints) if config.resume else None
    if config.resume and found is None:
        folder.release()
        raise Occupied(f"no checkpoint in {folder.checkpoints} can be read",
                       next_step="Start anew with --overwrite.")
    if found is not None:
        journal.forget_after(folder.run, found.step)
    told = Journal(folder.run, tensorboard=board)
    told.listeners += listeners or []
    try:
        return _train(config, folder, told, where, found)
    except AdapterError as e:
        told.tell("end", state="failed", message=e.message, next_step=e.next_step)
        raise
    except Exception as e:
        if memory.is_out_of_memory(e):
            spent = NoSpace("no_memory", f"memory ran out: {str(e).splitlines()[0][:200] if str(e) else 'no more'}",
                            next_step=f"{fit.MORE_MEMORY} What was saved can be gone on from with --resume.")
            told.tell("end", state="failed", message=spent.message, next_step=spent.next_step)
            raise spent from e
        told.tell("end", state="failed", message=f"{type(e).__name__}: {e}"[:500],
                  next_step="See the log; what was saved can be gone on from with --resume.")
        raise
    finally:
        told.close()
        folder.release()


def make_task(
    config: TrainConfig, folder: Folder, told: Journal, where: Surroundings, *, whole: bool = True
) -> Task:
    """The task of the configuration's kind; not `whole`: with just as much encoded as measuring a step needs."""
    # Each kind's own libraries take seconds to import.
    if config.kind == "visual":
        from adapters.training.visual import VisualTask

        return VisualTask(config, folder, told, where, whole=whole)
    from adapters.training.language import LanguageTask

    return LanguageTask(config, folder, told, where)


def _train(
    config: TrainConfig, folder: Folder, told: Journal, where: Surroundings, found: checkpoint.Checkpoint | None
) -> Result:
    told.tell("state", state="preparing")
    task = make_task(config, folder, told, where)
    trainable = sum(p.numel() for lora in task.loras.values() for p in lora.parameters)
    check_size(config, trainable)
    if found is not None:
        _same(found, config, task, told)
    elif config.init_from is not None:
        outputs.begin_from(config.init_from, config, task)
    write_whole(folder.run / "config.yaml", yaml.safe_dump(config.to_json(), allow_unicode=True).encode())
    fitted = fit.fit(task, config, where.device, lambda text: told.tell("note", level="info", message=text,
                                                                        next_step=""))
    loop = Loop(task, config, folder, told, where.device, where.half, fitted)
    if found is not None:
        loop.restore(found)
    told.tell("begin", steps=loop.steps, epochs=config.epochs, items=task.items, held_out=task.held_out,
              trainable=trainable, total=compare.total_parameters(task), device=described(where), step=loop.step,
              memory_mb=fitted.peak_mb, rows=fitted.rows, kind=config.kind)
    with _stopped_by_signals(loop):
        try:
            outcome = loop.run()
        except BaseException:
            # The weights are those of the last good step: what diverged was not applied.
            loop.save()
            raise
    if outcome.why == "stopped":
        kept = "" if loop.saved == outcome.step else f"; step {loop.saved} is the last that is saved"
        told.tell("end", state="stopped", message=f"stopped after step {outcome.step}{kept}",
                  next_step="Go on with --resume.", best_step=outcome.course.best_step)
        return Result("stopped", (), outcome.course.best_step, _loss(outcome), loop.steps, ())
    return _finish(config, folder, told, task, loop, outcome, fitted, where)


def _finish(
    config: TrainConfig, folder: Folder, told: Journal, task: Task, loop: Loop, outcome: Outcome, fitted: fit.Fit,
    where: Surroundings,
) -> Result:
    loop.save()
    for part, matrices in outcome.best.items():
        task.loras[part].load(matrices)
    task.train(False)
    tell_samples(task, outcome.course.best_step, told, where.device)
    facts = {"best_step": outcome.course.best_step, "best_loss": _loss(outcome)}
    files = outputs.write(folder, config, task, outcome.best, facts)
    said = advice.advise(config, outcome, loop.steps, task.held_out)
    table = _table(task, config, where, fitted, outcome, files[0], told)
    told.tell("table", rows=[asdict(r) for r in table])
    said_plain = [asdict(a) for a in said]
    end: dict[str, Any] = {
        "state": "finished", "message": _why(outcome, config), "next_step": "", "best_step": outcome.course.best_step,
        "files": [str(f.relative_to(folder.root)) for f in files], "advice": said_plain,
        "size_bytes": files[0].stat().st_size, "best_loss": _loss(outcome), "facts": task.facts(),
    }
    told.tell("end", **end)
    write_whole(folder.root / "report.html", report.render(folder).encode())
    return Result("finished", tuple(files), outcome.course.best_step, _loss(outcome), loop.steps, tuple(said))


def _table(
    task: Task, config: TrainConfig, where: Surroundings, fitted: fit.Fit, outcome: Outcome, file: Path, told: Journal
) -> list[compare.Row]:
    try:
        return compare.table(task, config, where.device, fitted, outcome, file)
    except Exception as e:
        if not memory.is_out_of_memory(e):
            raise
        told.tell("note", level="warn", message="memory ran out in the comparison with full-parameter training; "
                  "the adapter is not touched by it", next_step="")
        return []


def _loss(outcome: Outcome) -> float | None:
    return outcome.course.best_loss if outcome.course.validations else None


def _why(outcome: Outcome, config: TrainConfig) -> str:
    if outcome.why == "early":
        return f"stopped early: no better for {config.patience} validations; the best step was kept"
    return "all steps are done"


def _same(found: checkpoint.Checkpoint, config: TrainConfig, task: Task, told: Journal) -> None:
    """Raise `BadConfig` when the checkpoint belongs to another training; say so when it won't be the very same."""
    if found.state["base"] != task.base_hash:
        raise BadConfig("base_model", "the training to resume was made on another base",
                        next_step="Set base_model as it was, or start anew with --overwrite.")
    if found.state["dataset"] != task.dataset_hash:
        raise BadConfig("train_data_dir", "the data is not what the training to resume began with",
                        next_step="Put it back as it was; new data on these weights is what init_from is for.")
    before: Mapping[str, Any] = found.state["config"]
    now = config.to_json()
    other = [k for k in now if k in before and before[k] != now[k]]
    for key in other:
        if key not in MAY_CHANGE:
            raise BadConfig(key, f"the training to resume had {key} {before[key]}, now it is {now[key]}",
                            next_step=f"Set {key} to {before[key]}, or start anew with --overwrite.")
    inexact = [f"{k} {before[k]} -> {now[k]}" for k in other if k not in EXACT]
    if inexact:
        told.tell("note", level="info", message=f"resumed with other settings: {', '.join(inexact)}", next_step="")


@contextlib.contextmanager
def _stopped_by_signals(loop: Loop) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal: int, _frame: FrameType | None) -> None:
        loop.stop()

    before = {s: signal.signal(s, stop) for s in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
