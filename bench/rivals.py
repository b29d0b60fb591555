"""The usual ways to train a LoRA, written with the public API of the libraries, to be compared with ours.

`visual` follows the course of diffusers' text-to-image LoRA example: accelerate, a data loader that decodes pictures,
the autoencoder and the text encoder in every step, min-SNR weights. `language` is PEFT with the Trainer of transformers
and a collator that pads. Both take the settings of a `TrainConfig` and save an adapter.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from peft import LoraConfig
from torch.utils.data import DataLoader

from adapters.training.config import TrainConfig


def visual(config: TrainConfig, paths: list[tuple[Path, str]], size: tuple[int, int], steps: int) -> float:
    """Train for `steps` steps on pictures with prompts; returns the seconds of the loop."""
    import numpy as np
    from accelerate import Accelerator
    from diffusers import DDPMScheduler, StableDiffusionPipeline
    from diffusers.optimization import get_scheduler
    from diffusers.training_utils import compute_snr
    from diffusers.utils import convert_state_dict_to_diffusers
    from peft.utils import get_peft_model_state_dict
    from PIL import Image

    accelerator = Accelerator(cpu=True)
    torch.manual_seed(config.seed)
    pipe: Any = StableDiffusionPipeline.from_pretrained(config.base_model, safety_checker=None)
    unet, vae, encoder, tokenizer = pipe.unet, pipe.vae, pipe.text_encoder, pipe.tokenizer
    noise_of = DDPMScheduler.from_config(pipe.scheduler.config)
    for part in (unet, vae, encoder):
        part.requires_grad_(False)
    unet.add_adapter(LoraConfig(
        r=config.lora_rank, lora_alpha=config.alpha,
        target_modules=["to_k", "to_q", "to_v", "to_out.0"],
    ))
    params = [p for p in unet.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(params, lr=config.rate, weight_decay=config.weight_decay)

    def one(entry: tuple[Path, str]) -> dict[str, Any]:
        image = Image.open(entry[0]).convert("RGB").resize((size[1], size[0]), Image.Resampling.LANCZOS)
        pixels = torch.from_numpy(np.array(image)).float().permute(2, 0, 1) / 127.5 - 1
        ids = tokenizer(entry[1], max_length=tokenizer.model_max_length, padding="max_length", truncation=True,
                        return_tensors="pt").input_ids[0]
        return {"pixel_values": pixels, "input_ids": ids}

    def collate(entries: list[tuple[Path, str]]) -> dict[str, Any]:
        rows = [one(e) for e in entries]
        return {k: torch.stack([r[k] for r in rows]) for k in rows[0]}

    data: Any = paths
    loader: Any = DataLoader(data, shuffle=True, collate_fn=collate, batch_size=config.batch_size)
    schedule = get_scheduler("cosine", optimiser, num_warmup_steps=round(0.05 * steps), num_training_steps=steps)
    unet, optimiser, loader, schedule = accelerator.prepare(unet, optimiser, loader, schedule)
    unet.train()
    step, began = 0, time.perf_counter()
    while step < steps:
        for batch in loader:
            with accelerator.accumulate(unet):
                latents = vae.encode(batch["pixel_values"]).latent_dist.sample() * vae.config.scaling_factor
                noise = torch.randn_like(latents)
                times = torch.randint(0, noise_of.config.num_train_timesteps, (len(latents),)).long()
                text = encoder(batch["input_ids"])[0]
                out = unet(noise_of.add_noise(latents, noise, times), times, text).sample
                snr = compute_snr(noise_of, times)
                weights = torch.stack([snr, config.min_snr_gamma * torch.ones_like(times)], dim=1).min(dim=1)[0] / snr
                error = F.mse_loss(out.float(), noise.float(), reduction="none")
                loss = (error.mean(dim=list(range(1, len(error.shape)))) * weights).mean()
                accelerator.gather(loss.repeat(config.batch_size)).mean()
                accelerator.backward(loss)
                accelerator.clip_grad_norm_(params, config.gradient_clip)
                optimiser.step()
                schedule.step()
                optimiser.zero_grad()
            loss.detach().item()
            step += 1
            if step == steps:
                break
    took = time.perf_counter() - began
    state = convert_state_dict_to_diffusers(get_peft_model_state_dict(accelerator.unwrap_model(unet)))
    StableDiffusionPipeline.save_lora_weights(config.output_dir, unet_lora_layers=state, safe_serialization=True)
    return took


def language(config: TrainConfig, examples: list[tuple[list[int], list[int]]], steps: int) -> float:
    """Train for `steps` steps on (tokens, places of answers); returns the seconds of `Trainer.train`."""
    from peft import get_peft_model
    from transformers import (
        AutoModelForCausalLM,
        AutoTokenizer,
        DataCollatorForSeq2Seq,
        Trainer,
        TrainingArguments,
    )

    tokenizer = AutoTokenizer.from_pretrained(config.base_model)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    base: Any = AutoModelForCausalLM.from_pretrained(config.base_model, dtype=torch.float32)
    model: Any = get_peft_model(base, LoraConfig(
        r=config.lora_rank, lora_alpha=config.alpha, target_modules="all-linear", task_type="CAUSAL_LM",
    ))
    rows = []
    for tokens, answers in examples:
        wanted = set(answers)
        labels = [t if n in wanted else -100 for n, t in enumerate(tokens)]
        rows.append({"input_ids": tokens, "attention_mask": [1] * len(tokens), "labels": labels})
    arguments = TrainingArguments(
        output_dir=str(config.output_dir / "trainer"), per_device_train_batch_size=config.batch_size, max_steps=steps,
        learning_rate=config.rate, lr_scheduler_type="cosine", warmup_steps=round(0.05 * steps),
        weight_decay=config.weight_decay, max_grad_norm=config.gradient_clip, logging_steps=10, save_strategy="no",
        report_to=[], use_cpu=True, seed=config.seed, disable_tqdm=True,
    )
    trainer = Trainer(model, arguments, train_dataset=rows,  # type: ignore[arg-type]
                      data_collator=DataCollatorForSeq2Seq(tokenizer, padding=True))
    began = time.perf_counter()
    trainer.train()
    took = time.perf_counter() - began
    model.save_pretrained(config.output_dir, safe_serialization=True)
    return took
