"""VisualTask: LoRA on the UNet (and text encoder) of a Stable Diffusion base, learning to take noise off pictures."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import DDIMScheduler, DDPMScheduler
from diffusers.training_utils import compute_snr
from torch import Tensor

from adapters import load
from adapters.training import chance
from adapters.training.base import Size, resolution_of, spec_hash, visual_base_spec
from adapters.training.config import TrainConfig
from adapters.training.fit import release
from adapters.training.folder import Folder, write_whole
from adapters.training.injection import LoraModel, inject
from adapters.training.journal import Journal
from adapters.training.latents import Latents, bucket_of, bucket_sizes
from adapters.training.pictures import Picture, read_pictures
from adapters.training.prompts import Prompts
from adapters.training.task import Sample, Surroundings, Which

ROWS = 64
"""Forward rows of one validation; more would say little more."""
STRATA = 4
"""Noise levels that each item is judged at, at least."""


@dataclass(frozen=True, slots=True)
class _Item:
    picture: Picture
    prompt: str
    size: Size
    prior: bool = False


class VisualTask:
    """One training on pictures; raises `BadDataset`, `BadBase` or `BadConfig` when made."""

    def __init__(
        self, config: TrainConfig, folder: Folder, journal: Journal, where: Surroundings, *, whole: bool = True
    ) -> None:
        self._config, self._folder, self._journal, self._where = config, folder, journal, where
        pictures = read_pictures(config.train_data_dir, config.metadata_path)
        for fault in pictures.faults[:20]:
            journal.tell("note", level="warn", message=f"left out: {fault.message}", next_step="")
        load.quiet()
        self.pipeline = load.visual(config.base_model, torch.float32, config.base_config)
        self.pipeline.set_progress_bar_config(disable=True)
        self.base_hash = spec_hash(self.pipeline.unet)
        self.spec = visual_base_spec(self.pipeline, config)
        self._resolution = resolution_of(config, self.pipeline)
        self._place()
        self._texts = Prompts(self.pipeline, where, config.cache, folder.cache, trained=config.train_text_encoder)
        self._read(pictures.items)
        self.loras = self._inject()
        self.noise: Any = DDPMScheduler.from_config(self.pipeline.scheduler.config)  # type: ignore[no-untyped-call]
        self._prediction = str(self.noise.config.prediction_type)
        times = torch.arange(self.noise.config.num_train_timesteps)
        self._snr: Tensor = compute_snr(self.noise, times).clamp_min(1e-8)  # type: ignore[no-untyped-call]
        self._prepare(whole)

    # -- setting up ------------------------------------------------------------------------------

    def _place(self) -> None:
        p, where = self.pipeline, self._where
        for part in (p.unet, p.text_encoder, p.vae):
            part.requires_grad_(False).eval()
        p.unet.to(where.device, where.base_dtype)
        p.text_encoder.to(where.device, torch.float32 if self._config.train_text_encoder else where.base_dtype)
        p.vae.to(where.device, torch.float32)

    def _read(self, pictures: Sequence[Picture]) -> None:
        sizes = bucket_sizes(self._resolution, self._config.bucket_step, self._config.buckets)
        trigger = self._config.trigger_words.split(",")[0].strip()
        every: list[_Item] = []
        for p in pictures:
            prompt = p.prompt.strip()
            if trigger and trigger not in prompt:
                prompt = f"{trigger}, {prompt}" if prompt else trigger
            every.append(_Item(p, prompt, bucket_of(p, sizes)))
        out = set(chance.held_out(len(every), self._config.validation_split, self._config.seed))
        self._learnt = [i for n, i in enumerate(every) if n not in out]
        self._held_out = [i for n, i in enumerate(every) if n in out]
        small = [p for p in pictures if p.width * p.height < 0.5 * self._resolution[0] * self._resolution[1]]
        if small:
            self._journal.tell(
                "note", level="warn", message=f"{len(small)} pictures are smaller than the resolution and will look "
                f"soft, such as {small[0].path.name}", next_step="Use larger ones, or a lower resolution.",
            )
        self._every = [i for i in self._learnt for _ in range(i.picture.repeats)]
        self._every += self._prior(sizes, len(self._every))
        self.items, self.held_out = len(self._every), len(self._held_out)
        digest = hashlib.sha256()
        for item in every:
            digest.update(f"{item.prompt}|{item.size}|{item.picture.repeats}|".encode())
            digest.update(hashlib.sha256(item.picture.path.read_bytes()).digest())
        self.dataset_hash = digest.hexdigest()[:16]

    def _prior(self, sizes: list[Size], count: int) -> list[_Item]:
        """As many pictures of the class as there are of the subject (arXiv:2208.12242)."""
        config = self._config
        if config.prior_data_dir is None and not config.prior_prompt:
            return []
        if config.prior_data_dir is not None:
            found = read_pictures(config.prior_data_dir).items
        else:
            folder = self._folder.run / "prior"
            self._paint_prior(folder)
            found = read_pictures(folder).items
        prompt = config.prior_prompt
        items = [_Item(p, prompt or p.prompt, bucket_of(p, sizes), prior=True) for p in found]
        return [items[n % len(items)] for n in range(count)]

    def _paint_prior(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        scheduler, self.pipeline.scheduler = self.pipeline.scheduler, self._painter()
        for n in range(self._config.prior_images):
            path = folder / f"{n:04d}.png"
            if not path.is_file():
                image = self._paint(self._config.prior_prompt, chance.seed_of(self._config.seed, "prior", n))
                write_whole(path, _png(image))
        self.pipeline.scheduler = scheduler

    def _inject(self) -> dict[str, LoraModel]:
        config = self._config
        common: dict[str, Any] = {
            "rank": config.lora_rank, "alpha": config.alpha, "dropout": config.lora_dropout, "rslora": config.rslora,
            "seed": config.seed,
        }
        live = {p: p for p, t in self.spec.parts["unet"].items() if t.live}
        loras = {"unet": inject(self.pipeline.unet, live, **common)}
        if config.train_text_encoder:
            encoder = self.pipeline.text_encoder
            names = {name.removeprefix("text_model."): name for name, _ in encoder.named_modules()}
            targets = {p: names[p] for p in self.spec.parts["text_encoder"] if p.endswith("_proj")}
            loras["text_encoder"] = inject(encoder, targets, **common)
        return loras

    def _prepare(self, whole: bool) -> None:
        """Encode what can be encoded once, then let go of what only that needed."""
        config = self._config
        self._latents = Latents(self.pipeline.vae, config.cache, self._folder.cache, self._where.base_dtype,
                                spec_hash(self.pipeline.vae))
        wanted = list(dict.fromkeys(i.prompt for i in (*self._every, *self._held_out)))
        self._warn_of_long(wanted)
        self.prompts = config.sample_prompts or list(
            dict.fromkeys(i.prompt for i in (*self._held_out, *self._learnt) if not i.prior)
        )[:2]
        if config.cache == "none":
            return
        flips = (False, True) if config.flip else (False,)
        items = (*self._every, *self._held_out) if whole else tuple(self._every[n] for n in self.heaviest(2))
        for item in dict.fromkeys(items):
            for flip in flips:
                self._latents.get(item.picture.path, item.size, flip)
        self.pipeline.vae.to("cpu")
        if not config.train_text_encoder:
            for prompt in (*wanted, "", *self.prompts):
                self._texts.get(prompt)
            self.pipeline.text_encoder.to("cpu")
        release(self._where.device)

    def _warn_of_long(self, prompts: list[str]) -> None:
        long, most = self._texts.long(prompts), self._texts.most
        if long:
            self._journal.tell(
                "note", level="warn", message=f"{len(long)} prompts are longer than {most} tokens and are cut, such as "
                f"{long[0][:60]!r}", next_step="Put what matters first.",
            )

    # -- learning --------------------------------------------------------------------------------

    def steps(self, epoch: int) -> list[list[int]]:
        """Every step's items are of one size."""
        groups: dict[Size, list[int]] = {}
        for n in chance.permutation(len(self._every), self._config.seed, "order", epoch):
            groups.setdefault(self._every[n].size, []).append(n)
        size = self._config.step_items
        made = [g[at : at + size] for _, g in sorted(groups.items()) for at in range(0, len(g), size)]
        return [made[n] for n in chance.permutation(len(made), self._config.seed, "steps", epoch)]

    def weight(self, items: Sequence[int]) -> float:
        """Number of pictures."""
        return float(len(items))

    def heaviest(self, count: int) -> list[int]:
        """Of the largest size."""
        order = sorted(range(len(self._every)), key=lambda n: -self._every[n].size[0] * self._every[n].size[1])
        size = self._every[order[0]].size
        same = [n for n in order if self._every[n].size == size]
        return [same[n % len(same)] for n in range(count)]

    def loss(self, items: Sequence[int], step: int, at: int) -> Tensor:
        """Sum over pictures of the mean squared error of what the UNet predicts."""
        config = self._config
        rows, prompts, weights = [], [], []
        for n, i in enumerate(items):
            item, rng = self._every[i], chance.generator(config.seed, "step", step, at + n)
            unseen, flip = (float(v) for v in torch.rand(2, generator=rng))
            t = int(torch.randint(len(self._snr), (1,), generator=rng))
            rows.append(self._noised(item, t, rng, config.flip and flip < 0.5))
            prompts.append("" if not item.prior and unseen < config.caption_dropout else item.prompt)
            weights.append(config.prior_weight if item.prior else 1.0)
        return (self._errors(rows, prompts) * torch.tensor(weights, device=self._where.device)).sum()

    def _noised(self, item: _Item, t: int, rng: torch.Generator, flip: bool) -> tuple[Tensor, Tensor, int]:
        mean, deviation = (v.float() for v in self._latents.get(item.picture.path, item.size, flip))
        latent = mean + deviation * torch.randn(mean.shape, generator=rng)
        noise = torch.randn(mean.shape, generator=rng)
        if self._config.noise_offset:
            noise = noise + self._config.noise_offset * torch.randn(mean.shape[0], 1, 1, generator=rng)
        return latent, noise, t

    def _errors(self, rows: Sequence[tuple[Tensor, Tensor, int]], prompts: Sequence[str]) -> Tensor:
        """One weighted error a row, (rows,) of float32."""
        device, half = self._where.device, self._where.half
        latents = torch.stack([r[0] for r in rows]).to(device)
        noise = torch.stack([r[1] for r in rows]).to(device)
        times = torch.tensor([r[2] for r in rows])
        noisy = self.noise.add_noise(latents, noise, times.to(device))
        text = torch.cat([self._texts.get(p) for p in prompts])
        dtype = self._where.base_dtype
        with torch.autocast(device.type, half, enabled=half is not None):
            out = self.pipeline.unet(noisy.to(dtype), times.to(device), text.to(dtype)).sample
        if self._prediction == "v_prediction":
            target = self.noise.get_velocity(latents, noise, times.to(device))
        else:
            target = latents if self._prediction == "sample" else noise
        error = F.mse_loss(out.float(), target, reduction="none").flatten(1).mean(1)
        return error * self._snr_weight(times).to(device)

    def _snr_weight(self, times: Tensor) -> Tensor:
        """Min-SNR weights (arXiv:2303.09556, equation 6 and what follows from it for v)."""
        gamma = self._config.min_snr_gamma
        if not gamma:
            return torch.ones(len(times))
        snr = self._snr[times]
        bounded = snr.clamp(max=gamma)
        if self._prediction != "sample":
            bounded = bounded / (snr + 1 if self._prediction == "v_prediction" else snr)
        return bounded

    # -- judging ---------------------------------------------------------------------------------

    @torch.no_grad()
    def evaluate(self, which: Which, rows: int = 0) -> float | None:
        """Mean error at evenly spaced noise levels, the same ones each time."""
        found = self._held_out if which == "held_out" else self._learnt[: max(1, len(self._held_out))]
        found = found[: ROWS // STRATA]
        if not found or not self._held_out:
            return None
        each = max(STRATA, 16 // len(found))
        sized: dict[Size, list[tuple[tuple[Tensor, Tensor, int], str]]] = {}
        for n, item in enumerate(found):
            for k in range(each):
                rng = chance.generator(self._config.seed, "judge", n, k)
                t = int((k + 0.5) / each * len(self._snr))
                sized.setdefault(item.size, []).append((self._noised(item, t, rng, False), item.prompt))
        total, count, size = 0.0, 0, rows or self._config.batch_size
        for same in sized.values():
            for at in range(0, len(same), size):
                part = same[at : at + size]
                total += float(self._errors([r for r, _ in part], [p for _, p in part]).sum())
                count += len(part)
        return total / count

    def sample(self, step: int) -> Iterator[Sample]:
        """One picture a prompt, each of its own seed."""
        vae = self.pipeline.vae
        home = vae.device
        scheduler, self.pipeline.scheduler = self.pipeline.scheduler, self._painter()
        vae.to(self._where.device)
        try:
            for n, prompt in enumerate(self.prompts):
                name = f"{step:06d}-{n}.png"
                image = self._paint(prompt, chance.seed_of(self._config.seed, "sample", n))
                write_whole(self._folder.samples / name, _png(image))
                yield Sample(n, prompt, file=name)
        finally:
            self.pipeline.scheduler = scheduler
            vae.to(home)
            release(self._where.device)

    def _painter(self) -> Any:
        return DDIMScheduler.from_config(self.pipeline.scheduler.config)  # type: ignore[no-untyped-call]

    @torch.no_grad()
    def _paint(self, prompt: str, seed: int) -> Any:
        half, height, width = self._where.half, *self._resolution
        guidance = self._config.sample_guidance
        with torch.autocast(self._where.device.type, half, enabled=half is not None):
            latents = self.pipeline(
                prompt_embeds=self._texts.get(prompt), negative_prompt_embeds=self._texts.get(""), height=height,
                width=width, num_inference_steps=self._config.sample_steps, guidance_scale=guidance,
                output_type="latent", generator=torch.Generator("cpu").manual_seed(seed),
            ).images
        vae = self.pipeline.vae
        shift = float(getattr(vae.config, "shift_factor", None) or 0.0)
        image = vae.decode(latents.to(vae.dtype) / vae.config.scaling_factor + shift).sample
        image = torch.nan_to_num(image.float())
        return self.pipeline.image_processor.postprocess(image, output_type="pil")[0]

    # -- the machine -----------------------------------------------------------------------------

    def train(self, on: bool) -> None:
        """Dropout of the adapter only; the base has none of its own."""
        for lora in self.loras.values():
            lora.model.train(on)

    def checkpointing(self) -> None:
        """Of the UNet, and of the text encoder when it is trained."""
        self.pipeline.unet.enable_gradient_checkpointing()
        if "text_encoder" in self.loras:
            self.pipeline.text_encoder.gradient_checkpointing_enable()

    def lighten(self) -> str:
        """Latents to the disk; VAE and text encoder off the device."""
        if self._latents.keep == "disk":
            return ""
        self._latents.to_disk()
        self.pipeline.vae.to("cpu")
        release(self._where.device)
        return "latents are kept on the disk"

    def facts(self) -> dict[str, Any]:
        """For the report."""
        sizes: dict[str, int] = {}
        for item in self._every:
            name = f"{item.size[1]}x{item.size[0]}"
            sizes[name] = sizes.get(name, 0) + 1
        return {"pictures": len(self._learnt), "held_out": self.held_out, "an epoch": self.items, "sizes": sizes,
                "base": self.spec.family, "prediction": self._prediction}


def _png(image: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
