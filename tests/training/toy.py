"""A small base that has really learnt something: Stable Diffusion's parts, trained for half a minute on coloured cards.

It paints a card of any hue but red with a lighter square on it, so what an adapter adds can be seen and measured.
"""

from __future__ import annotations

import colorsys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDIMScheduler, DDPMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from PIL import Image
from torch import Tensor

from tests.adapters import tiny

SIZE = 32


def card(hue: float, seed: int, shape: str = "square") -> Image.Image:
    """A card of one hue (0..1) with a lighter mark somewhere near its middle."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    cy, cx, r = rng.uniform(12, 20), rng.uniform(12, 20), rng.uniform(5, 8)
    inside = (abs(y - cy) < r) & (abs(x - cx) < r) if shape == "square" else (y - cy) ** 2 + (x - cx) ** 2 < r * r
    out = np.zeros((SIZE, SIZE, 3))
    out[:] = colorsys.hsv_to_rgb(hue, 0.9, rng.uniform(0.55, 0.75))
    out[inside] = colorsys.hsv_to_rgb(hue, 0.35, 0.95)
    return Image.fromarray((out * 255).astype(np.uint8))


def redness(image: Image.Image) -> float:
    """How far red is above the other two colours, -1..1."""
    values = np.asarray(image.convert("RGB"), dtype=np.float64) / 255
    return float((values[..., 0] - values[..., 1:].mean(-1)).mean())


def _cards(count: int, seed: int) -> Tensor:
    rng = np.random.default_rng(seed)
    values = np.stack([np.asarray(card(rng.uniform(0.25, 0.75), int(rng.integers(1 << 30)))) for _ in range(count)])
    return torch.from_numpy(values).float().permute(0, 3, 1, 2) / 127.5 - 1


def save(folder: Path) -> Path:
    """Train the parts and save them as a diffusers folder."""
    torch.manual_seed(0)
    cards = _cards(256, 0)
    # Red is seen by the autoencoder, which has to show it, and never by the UNet.
    rng = np.random.default_rng(1)
    reds = np.stack([np.asarray(card(rng.uniform(-0.05, 0.05) % 1, n)) for n in range(128)])
    both = torch.cat([cards, torch.from_numpy(reds).float().permute(0, 3, 1, 2) / 127.5 - 1])
    vae = AutoencoderKL(
        block_out_channels=(16, 32), norm_num_groups=8, latent_channels=4, sample_size=SIZE, layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        mid_block_add_attention=False,
    )
    _train_vae(vae, both)
    unet = UNet2DConditionModel(
        sample_size=SIZE // 2, block_out_channels=(32, 48), layers_per_block=1, cross_attention_dim=tiny.WIDTH,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=4, norm_num_groups=8,
    )
    encoder, tokenizer = tiny.clip()
    with torch.no_grad():
        latents = vae.encode(cards).latent_dist.mean
        vae.register_to_config(scaling_factor=float(1 / latents.std()))
        ids = tokenizer(["card", ""], padding="max_length", return_tensors="pt").input_ids
        text = encoder(ids)[0]
    _train_unet(unet, latents / latents.std(), text)
    scheduler = DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
                              set_alpha_to_one=False, steps_offset=1)
    StableDiffusionPipeline(
        vae=vae.eval(), text_encoder=encoder, tokenizer=tokenizer, unet=unet.eval(), scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).save_pretrained(folder, safe_serialization=True)
    return folder


def _train_vae(vae: AutoencoderKL, cards: Tensor, steps: int = 160) -> None:
    optimiser = torch.optim.AdamW(vae.parameters(), lr=3e-3)
    for step in range(steps):
        batch = cards[torch.randint(len(cards), (16,))]
        posterior = vae.encode(batch).latent_dist
        loss = F.mse_loss(vae.decode(posterior.sample()).sample, batch) + 1e-6 * posterior.kl().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.param_groups[0]["lr"] = 3e-3 * (1 - step / steps)
        optimiser.step()
    vae.requires_grad_(False)


def _train_unet(unet: UNet2DConditionModel, latents: Tensor, text: Tensor, steps: int = 260) -> None:
    noise_of = DDPMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    optimiser = torch.optim.AdamW(unet.parameters(), lr=2e-3)
    for step in range(steps):
        batch = latents[torch.randint(len(latents), (16,))]
        noise, times = torch.randn_like(batch), torch.randint(1000, (16,))
        words = text[(torch.rand(16) < 0.1).long()]
        out = unet(noise_of.add_noise(batch, noise, times), times, words).sample
        loss = F.mse_loss(out, noise)
        optimiser.zero_grad()
        loss.backward()
        optimiser.param_groups[0]["lr"] = 2e-3 * (1 - step / steps)
        optimiser.step()
    unet.requires_grad_(False)


def write_cards(folder: Path, count: int, hue: float = 0.0, prompt: str = "card", suffix: str = ".png") -> Path:
    """Pictures of one hue with their metadata.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["file_name,prompt"]
    for n in range(count):
        card(hue, 1000 + n).resize((SIZE * 2, SIZE * 2)).save(folder / f"{n:03d}{suffix}")
        rows.append(f"{n:03d}{suffix},{prompt}")
    (folder / "metadata.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder
