"""Painter: the UNet of the demo's Stable Diffusion, and the whole pipeline as a diffusers folder.

    python -m assets.demo_models.painter --pictures F --autoencoder F --words F --out F [--steps N] [--threads N]

It predicts velocity (arXiv:2202.00512) under a schedule that ends in pure noise (arXiv:2305.08891), so that dark and
bright rooms come out as asked; losses are weighted by min-SNR (arXiv:2303.09556).
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from assets.demo_models.autoencoder import CHANNELS, FACTOR, HELD_OUT, Pictures
from assets.demo_models.pictures import HEIGHT, WIDTH, example
from assets.demo_models.run import DEVICE, Run, hash_of, modest
from assets.demo_models.traits import Choice, caption, plain_caption
from assets.demo_models.words import WIDTH as TEXT
from assets.demo_models.words import embed

BATCH = 16
UNSEEN = 0.1
"""Share of pictures trained without their prompt, for classifier-free guidance (arXiv:2207.12598)."""
GAMMA = 5.0
SHARD = "18MB"


def new_unet() -> Any:
    """An untrained one, of 12.6 million parameters."""
    torch.manual_seed(2)
    unet = UNet2DConditionModel(
        sample_size=(HEIGHT // FACTOR, WIDTH // FACTOR), in_channels=CHANNELS, out_channels=CHANNELS,
        block_out_channels=(96, 144, 192), layers_per_block=1, cross_attention_dim=TEXT,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), attention_head_dim=(2, 4, 4),
        norm_num_groups=16,
    )
    # Every branch begins with nothing to add (arXiv:2105.05233): the first steps then do not go into undoing noise.
    for name, module in unet.named_modules():
        if name.endswith(("conv2", "proj_out", "conv_out")):
            torch.nn.init.zeros_(module.weight)
            torch.nn.init.zeros_(module.bias)
    return unet


def new_schedule() -> Any:
    """Of the noise in training and painting."""
    return DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=True,
        steps_offset=1, prediction_type="v_prediction", rescale_betas_zero_snr=True, timestep_spacing="trailing",
    )


@torch.no_grad()
def latents(pictures: Pictures, vae: Any, path: Path, batch: int = 8) -> Tensor:
    """Of all pictures, (n, channels, 44, 24) in half precision; kept in `path`."""
    if path.is_file():
        found = load_file(path)["latents"]
        if len(found) == len(pictures):
            return found
    out = []
    for at in range(0, len(pictures), batch):
        x = torch.stack([pictures.tensor(i) for i in range(at, min(at + batch, len(pictures)))])
        with torch.autocast(vae.device.type, torch.bfloat16):
            out.append(vae.encode(x.to(vae.device, memory_format=torch.channels_last)).latents.half().cpu())
        if at % 400 == 0:
            print(f"latents {at}/{len(pictures)}", flush=True)
    found = torch.cat(out).contiguous()
    save_file({"latents": found}, path)
    return found


def pipeline(unet: Any, vae: Any, text: Any, words: Any) -> Any:
    """All parts as one Stable Diffusion."""
    return StableDiffusionPipeline(
        vae=vae, text_encoder=text, tokenizer=words, unet=unet, scheduler=new_schedule(), safety_checker=None,
        feature_extractor=None, requires_safety_checker=False,
    )


class Painter:
    """The UNet in training with what it learns from."""

    def __init__(self, folders: dict[str, Path], *, steps: int, lr: float) -> None:
        self._out = folders["out"]
        self.pictures = Pictures(folders["pictures"])
        self.choices: list[Choice] = [json.loads(f.with_suffix(".json").read_text()) for f in self.pictures.files]
        self.vae = AutoencoderTiny.from_pretrained(folders["autoencoder"] / "model").eval().to(DEVICE)
        self.words = CLIPTokenizer.from_pretrained(folders["words"] / "tokenizer")
        self.text = CLIPTextModel.from_pretrained(folders["words"] / "text_encoder").eval().requires_grad_(False)
        self.text.to(DEVICE)
        self._out.mkdir(parents=True, exist_ok=True)
        self._latents = latents(self.pictures, self.vae, self._out / "latents.safetensors")
        self.unet = new_unet().to(memory_format=torch.channels_last)
        if DEVICE.type == "cpu":
            # The plain products are a quarter faster over the whole step than the fused attention's backward.
            self.unet.set_attn_processor(AttnProcessor())
        self._noise = new_schedule()
        alphas = self._noise.alphas_cumprod
        self._snr = alphas / (1 - alphas).clamp(min=1e-8)
        self.run = Run("painter", self.unet, self._out, steps=steps, lr=lr, ema=0.9995, every=250, warmup=300)

    @torch.no_grad()
    def embed(self, prompts: list[str]) -> Tensor:
        """(n, 77, 192)."""
        return embed(self.words, self.text, prompts)

    def loss(self, step: int, rng: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """Of a batch, a step's own."""
        plain = random.Random(hash_of("captions", step))
        index = [HELD_OUT + int(v * (len(self._latents) - HELD_OUT)) for v in torch.rand(BATCH, generator=rng)]
        prompts = [
            "" if plain.random() < UNSEEN
            else caption(self.choices[i], plain, plain.choice(("zh", "zh", "en")), plain.choice((0.6, 0.85, 1.0)))
            for i in index
        ]
        x = self._latents[index].float()
        noise = torch.randn(x.shape, generator=rng)
        # Stratified over the batch: every step sees all levels of noise.
        t = ((torch.arange(BATCH) + torch.rand(BATCH, generator=rng)) / BATCH * len(self._snr)).long()
        noisy, wanted = self._noise.add_noise(x, noise, t), self._noise.get_velocity(x, noise, t)
        noisy = noisy.to(DEVICE, memory_format=torch.channels_last)
        with torch.autocast(DEVICE.type, torch.bfloat16):
            out = self.unet(noisy, t.to(DEVICE), self.embed(prompts)).sample
        each = F.mse_loss(out.float(), wanted.to(DEVICE), reduction="none").flatten(1).mean(1)
        snr = self._snr[t].to(DEVICE)
        return (each * snr.clamp(max=GAMMA) / (snr + 1)).sum() / (snr.clamp(max=GAMMA) / (snr + 1)).sum(), {}

    def after(self, step: int) -> None:
        """Leave the pipeline of now, and a sheet of what it paints."""
        made = pipeline(self.unet, self.vae, self.text, self.words)
        made.save_pretrained(self._out / "model", safe_serialization=True, max_shard_size=SHARD)
        if step % 1000 == 0 or step == self.run.steps:
            sheet(made, self._out / f"sheet-{step:06d}.png")

    def train(self) -> None:
        """To the end."""
        self.run.go(self.loss, self.after)


@torch.inference_mode()
def paint(made: Any, prompt: str, seed: int, steps: int = 16, guidance: float = 3.0) -> np.ndarray[Any, Any]:
    """One picture, (704, 384, 3)."""
    made.set_progress_bar_config(disable=True)
    out = made(
        prompt, height=HEIGHT, width=WIDTH, num_inference_steps=steps, guidance_scale=guidance, output_type="np",
        generator=torch.Generator("cpu").manual_seed(seed),
    ).images[0]
    return np.asarray((out * 255).round().clip(0, 255).astype(np.uint8))


def sheet(made: Any, path: Path, count: int = 8) -> None:
    """Held-out people as drawn above, as painted from their prompts below."""
    rows: list[list[Any]] = [[], []]
    for index in range(count):
        choice, _ = example(index)
        rows[1].append(paint(made, plain_caption(choice, "zh" if index % 2 else "en"), index))
    for index in range(count):
        from assets.demo_models.pictures import draw

        rows[0].append(draw(example(index)[1]))
    Image.fromarray(np.vstack([np.hstack(row) for row in rows])).save(path)


def main() -> None:
    """Train it."""
    parser = argparse.ArgumentParser(prog="python -m assets.demo_models.painter")
    for name in ("pictures", "autoencoder", "words", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--lr", type=float, default=4e-4)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    modest(given.threads)
    folders = {name: getattr(given, name) for name in ("pictures", "autoencoder", "words", "out")}
    Painter(folders, steps=given.steps, lr=given.lr).train()


if __name__ == "__main__":
    main()
