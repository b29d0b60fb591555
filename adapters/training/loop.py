"""Loop: the course of a training, the same for pictures and dialogues.

Which items a step has, its noise and its dropout depend on the seed and the number of the step alone; how many go
through the base at once does not change what is learnt but for rounding.
"""

from __future__ import annotations

import bisect
import math
import time
from dataclasses import dataclass, field
from itertools import accumulate

import torch
from torch import Tensor

from adapters.errors import Diverged, NoSpace
from adapters.training import chance, checkpoint, memory
from adapters.training.checkpoint import Checkpoint
from adapters.training.config import TrainConfig
from adapters.training.fit import MORE_MEMORY, Fit, backward, release
from adapters.training.folder import Folder
from adapters.training.injection import Matrices
from adapters.training.journal import Journal
from adapters.training.optimise import MovingAverage, optimiser, rate_factor, set_rate
from adapters.training.pace import Pace
from adapters.training.task import Task, Which

SAVE_S = 600.0
MIN_VALIDATIONS = 10
BETTER = 0.001
"""Patience begins anew when the loss is lower by this share."""
WEIGHTS = "weights."


@dataclass(slots=True)
class Course:
    """What has been seen so far; kept in checkpoints."""

    best_loss: float = math.inf
    best_step: int = 0
    mark: float = math.inf
    worse: int = 0
    curve: list[tuple[int, float]] = field(default_factory=list)
    validations: list[tuple[int, float, float]] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """`why` is `done`, `early` (no better for `patience` validations) or `stopped` (on request)."""

    why: str
    step: int
    course: Course
    best: dict[str, Matrices]


class Loop:
    """Drive a task; `stop` may be called from a signal handler."""

    def __init__(
        self, task: Task, config: TrainConfig, folder: Folder, journal: Journal, device: torch.device,
        half: torch.dtype | None, fit: Fit,
    ) -> None:
        self._task, self._config, self._folder, self._journal = task, config, folder, journal
        self._device, self._fit = device, fit
        self._params = [p for lora in task.loras.values() for p in lora.parameters]
        self._optimiser = optimiser(config, task.loras, device)
        self._average = MovingAverage(self._params, config.ema_decay) if config.ema_decay else None
        self._scaler = torch.amp.GradScaler(device.type, enabled=half is torch.float16 and device.type == "cuda")
        self._ends = list(accumulate(self._lengths()))
        self.steps = min(self._ends[-1], config.max_steps or self._ends[-1])
        self.step = self.saved = 0
        self.course = Course()
        self._best: dict[str, Matrices] = {}
        self._stopped = False
        self._epoch = -1
        self._order: list[list[int]] = []
        every = config.validate_every or min(self._ends[0], max(1, self.steps // MIN_VALIDATIONS))
        self._validate_every = max(1, every)
        self._pace = Pace(self.steps, self._validate_every, config.sample_every)

    def _lengths(self) -> list[int]:
        """Steps of each epoch, until there are enough."""
        out: list[int] = []
        for epoch in range(self._config.epochs):
            out.append(len(self._task.steps(epoch)))
            if self._config.max_steps and sum(out) >= self._config.max_steps:
                break
        return out

    def stop(self) -> None:
        """End after the step under way, with a checkpoint."""
        self._stopped = True

    # -- going on --------------------------------------------------------------------------------

    def restore(self, found: Checkpoint) -> None:
        """Go on from a checkpoint."""
        state = found.state
        self._optimiser.load_state_dict(checkpoint.optimiser_state(found, self._optimiser.state_dict()["param_groups"]))
        with torch.no_grad():
            for n, p in enumerate(self._params):
                p.copy_(found.tensors[f"{WEIGHTS}{n}"])
        if self._average is not None:
            self._average.load(found.tensors)
        if state.get("scaler"):
            self._scaler.load_state_dict(state["scaler"])
        self.step = self.saved = found.step
        # As many at once as before, so that sums are rounded as they would have been.
        self._fit.rows = min(self._fit.rows, int(state.get("rows", self._fit.rows)))
        c = state["course"]
        self.course = Course(
            _number(c["best_loss"]), c["best_step"], _number(c["mark"]), c["worse"],
            [tuple(v) for v in c["curve"]], [tuple(v) for v in c["validations"]], c["seconds"],
        )
        parts: dict[str, Matrices] = {}
        for part, lora in self._task.loras.items():
            parts[part] = {
                path: (found.tensors[f"best.{part}.{path}.A"], found.tensors[f"best.{part}.{path}.B"])
                for path in lora.modules if f"best.{part}.{path}.A" in found.tensors
            }
        self._best = parts if any(parts.values()) else {}

    def save(self) -> bool:
        """Write a checkpoint; a full disk is said, and does not end the training."""
        tensors: dict[str, Tensor] = {f"{WEIGHTS}{n}": p for n, p in enumerate(self._params)}
        moments, rest = checkpoint.optimiser_tensors(self._optimiser.state_dict())
        tensors |= moments | (self._average.tensors() if self._average else {})
        for part, matrices in self._best.items():
            for path, (a, b) in matrices.items():
                tensors |= {f"best.{part}.{path}.A": a, f"best.{part}.{path}.B": b}
        c = self.course
        state = {
            "optimiser": rest, "scaler": self._scaler.state_dict(), "rows": self._fit.rows,
            "config": self._config.to_json(), "dataset": self._task.dataset_hash, "base": self._task.base_hash,
            "course": {"best_loss": _known(c.best_loss), "best_step": c.best_step, "mark": _known(c.mark),
                       "worse": c.worse, "curve": c.curve, "validations": c.validations, "seconds": c.seconds},
        }
        try:
            checkpoint.save(self._folder.checkpoints, Checkpoint(self.step, tensors, state))
        except NoSpace as e:
            self._journal.tell("note", level="warn", message=e.message, next_step=e.next_step)
            return False
        self.saved = self.step
        self._journal.tell("checkpoint", step=self.step)
        return True

    # -- the course ------------------------------------------------------------------------------

    def run(self) -> Outcome:
        """Train to the end; raises `Diverged` when the loss is no number."""
        task, config = self._task, self._config
        saved = time.monotonic()
        task.train(True)
        if self.step == 0:
            self._judge()
        while self.step < self.steps:
            began = time.monotonic()
            loss, rate = self._one()
            self.step += 1
            took = time.monotonic() - began
            self.course.seconds += took
            self.course.curve.append((self.step, float(f"{loss:.5g}")))
            self._tell(loss, rate, took)
            due = self.step % self._validate_every == 0 or self.step == self.steps
            if due and self._judge():
                return self._outcome("early")
            if self._stopped:
                self.save()
                return self._outcome("stopped")
            if (config.save_every and self.step % config.save_every == 0) or (
                not config.save_every and time.monotonic() - saved > SAVE_S
            ):
                self.save()
                saved = time.monotonic()
        return self._outcome("done")

    def _outcome(self, why: str) -> Outcome:
        best = self._best or {part: lora.matrices() for part, lora in self._task.loras.items()}
        return Outcome(why, self.step, self.course, best)

    def _items(self, step: int) -> tuple[int, list[int]]:
        epoch = bisect.bisect_right(self._ends, step)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self._task.steps(epoch)
        return epoch, self._order[step - (self._ends[epoch - 1] if epoch else 0)]

    def _one(self) -> tuple[float, float]:
        """One step of the optimiser; the loss before it and the rate."""
        config, step = self._config, self.step
        _, items = self._items(step)
        weight = self._task.weight(items)
        rate = set_rate(self._optimiser, rate_factor(config, step, self.steps))
        while True:
            try:
                loss = self._gradients(items, step, weight)
                break
            except Exception as e:
                if not memory.is_out_of_memory(e):
                    raise
                self._give_way(e, f"step {step}")
            release(self._device)
        self._scaler.unscale_(self._optimiser)
        norm = float(torch.nn.utils.clip_grad_norm_(self._params, config.gradient_clip or math.inf, foreach=True))
        # In fp16 a gradient may overflow now and then: the scaler leaves that step out and scales less.
        if not math.isfinite(loss) or not (math.isfinite(norm) or self._scaler.is_enabled()):
            raise Diverged(
                f"the {'gradient' if math.isfinite(loss) else 'loss'} is no number any more at step {step + 1}",
                next_step=f"Lower learning_rate (it was {config.rate:g}) and go on with --resume; "
                "look for broken pictures or empty lines, too.",
            )
        self._scaler.step(self._optimiser)
        self._scaler.update()
        self._optimiser.zero_grad(set_to_none=True)
        if config.max_norm:
            for lora in self._task.loras.values():
                lora.bound(config.max_norm)
        if self._average is not None:
            self._average.follow(step + 1)
        return loss, rate

    def _give_way(self, error: Exception, where: str) -> None:
        said = self._fit.give_way(self._task)
        if not said:
            raise NoSpace("no_memory", f"memory ran out at {where}, with one item at a time",
                          next_step=f"{MORE_MEMORY} Then go on with --resume.") from error
        self._journal.tell("note", level="warn", message=f"memory ran out at {where}: {said}", next_step="")

    def _gradients(self, items: list[int], step: int, weight: float) -> float:
        self._optimiser.zero_grad(set_to_none=True)
        torch.manual_seed(chance.seed_of(self._config.seed, "dropout", step))
        loss = 0.0
        for at in range(0, len(items), self._fit.rows):
            loss += backward(self._task, items[at : at + self._fit.rows], step, at, weight, self._scaler)
        return loss

    def _tell(self, loss: float, rate: float, took: float) -> None:
        self._pace.stepped(took)
        epoch, _ = self._items(self.step - 1)
        self._journal.tell(
            "step", step=self.step, epoch=epoch + 1, loss=loss, rate=rate, speed=self._pace.speed,
            left_s=self._pace.left(self.step), memory_mb=memory.used(self._device),
        )

    # -- judging ---------------------------------------------------------------------------------

    def _judge(self) -> bool:
        """Validate and sample; True when it is time to stop."""
        task, course = self._task, self.course
        began = time.monotonic()
        if self._average is not None and self.step:
            self._average.exchange()
        task.train(False)
        try:
            held, learnt = self._evaluated("held_out"), self._evaluated("learnt")
            better = held is None or held < course.best_loss
            if better:
                # With nothing held out, the last weights are the best that are known.
                course.best_loss = held if held is not None else math.inf
                course.best_step = self.step
                self._best = {part: lora.matrices() for part, lora in task.loras.items()}
            if held is None or held < course.mark * (1 - BETTER):
                course.mark, course.worse = held if held is not None else math.inf, 0
            else:
                course.worse += 1
            if held is not None:
                course.validations.append((self.step, held, learnt if learnt is not None else held))
                self._journal.tell("validation", step=self.step, loss=held, train_loss=learnt, best=better)
            judged = time.monotonic()
            self._sample()
        finally:
            task.train(True)
            if self._average is not None and self.step:
                self._average.exchange()
        self._pace.judged(judged - began, time.monotonic() - judged)
        return bool(self._config.patience and course.worse >= self._config.patience and self.step < self.steps)

    def _evaluated(self, which: Which) -> float | None:
        while True:
            try:
                return self._task.evaluate(which, self._fit.rows)
            except Exception as e:
                if not memory.is_out_of_memory(e):
                    raise
                self._give_way(e, f"the validation at step {self.step}")
            release(self._device)

    def _sample(self) -> None:
        config = self._config
        if self.step == self.steps or (config.sample_every and self.step % config.sample_every):
            return  # The best step is sampled when all is over.
        if not config.sample_every and self.step and not self._pace.may_sample(self.course.seconds):
            return
        tell_samples(self._task, self.step, self._journal, self._device)


def tell_samples(task: Task, step: int, journal: Journal, device: torch.device) -> None:
    """Make the samples of a step; one that memory or disk do not suffice for is left out and said."""
    try:
        for s in task.sample(step):
            journal.tell("sample", step=step, index=s.index, prompt=s.prompt, file=s.file, text=s.text)
    except Exception as e:
        if not isinstance(e, NoSpace | OSError) and not memory.is_out_of_memory(e):
            raise
        why = e.message if isinstance(e, NoSpace) else str(e).splitlines()[0] if str(e) else type(e).__name__
        journal.tell("note", level="warn", message=f"samples of step {step} are left out: {why[:200]}", next_step="")
    release(device)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return math.inf if value is None else value
