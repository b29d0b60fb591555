"""Base models from disk, for the studio and for training: only safetensors, no code of a model's own is run.

The model libraries take seconds to import, and a training needs one of the two.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import torch

from adapters.errors import BadBase
from adapters.header import Header, read_header

SD1 = Path(__file__).parents[1] / "assets" / "sd1"
"""How Stable Diffusion 1.x is put together; its vocabulary is somebody else's and does not ship."""
VOCABULARY = "openai/clip-vit-large-patch14"
"""Where the hub keeps the vocabulary of Stable Diffusion 1.x."""
SD1_SHAPES = {
    "model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3),
    "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 768),
    "model.diffusion_model.input_blocks.8.1.transformer_blocks.0.attn2.to_k.weight": (1280, 768),
    "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight": (49408, 768),
}
"""What tells it from 2.x, XL and the in-painting model."""

_PARTS = {"safety_checker": None, "requires_safety_checker": False}


def visual(path: Path, dtype: torch.dtype, config: Path | None = None) -> Any:
    """A `StableDiffusionPipeline` from a diffusers folder or a .safetensors checkpoint, on the CPU.

    A checkpoint holds weights only; how they are put together comes from `config`, a diffusers folder, or else from
    such a folder beside it, what is known here of Stable Diffusion 1.x, the hub's cache, and at last the hub. The
    vocabulary of Stable Diffusion 1.x comes from a folder `tokenizer` beside it, the cache or the hub.

    Raises `BadBase`.
    """
    from diffusers import StableDiffusionPipeline

    extra: dict[str, Any] = dict(_PARTS)
    if config is not None:
        extra["config"] = str(config)
    try:
        if not path.is_file():
            if not path.exists():
                raise OSError("there is nothing there")
            return StableDiffusionPipeline.from_pretrained(  # type: ignore[no-untyped-call]
                path, dtype=dtype, use_safetensors=True, local_files_only=True, **extra
            )
        if path.suffix != ".safetensors":
            raise ValueError("only .safetensors checkpoints are loaded; a .ckpt can run code")
        return _single(path, extra | {"dtype": dtype})
    except Exception as e:
        # A damaged checkpoint can fail anywhere in the conversion, with any exception.
        raise BadBase(
            f"the visual base in {path} can't be loaded: {first_line(e)}",
            next_step="Name a Stable Diffusion 1.x folder of diffusers, or one .safetensors file of it; a file of "
            "another architecture needs a diffusers folder of the same name beside it (training: or base_config). "
            "Without a network, put a folder `tokenizer` with CLIP's vocab.json and merges.txt beside the file.",
        ) from e


def _single(path: Path, extra: dict[str, Any]) -> Any:
    from diffusers import StableDiffusionPipeline

    header = read_header(path)  # A damaged file is told from a description that is not in the cache.
    known = extra.get("config") or description_of(path, header)
    if known == str(SD1):
        extra = extra | {"tokenizer": _vocabulary(path)}
    if known:
        return StableDiffusionPipeline.from_single_file(str(path), local_files_only=True, **extra | {"config": known})
    try:
        return StableDiffusionPipeline.from_single_file(str(path), local_files_only=True, **extra)
    except Exception:
        return StableDiffusionPipeline.from_single_file(str(path), **extra)


def _vocabulary(path: Path) -> Any:
    """The tokenizer of Stable Diffusion 1.x for a checkpoint; raises what transformers raises."""
    from transformers import CLIPTokenizer

    beside = path.parent / "tokenizer"
    if (beside / "vocab.json").is_file() or (beside / "tokenizer.json").is_file():
        return CLIPTokenizer.from_pretrained(beside, local_files_only=True)
    try:
        return CLIPTokenizer.from_pretrained(VOCABULARY, local_files_only=True)
    except OSError:
        return CLIPTokenizer.from_pretrained(VOCABULARY)


def description_of(path: Path, header: Header) -> str | None:
    """The folder that describes a checkpoint: `name/` beside `name.safetensors`, or that of Stable Diffusion 1.x."""
    beside = path.with_suffix("")
    if (beside / "model_index.json").is_file():
        return str(beside)
    shapes = (header.tensors[name].shape if name in header.tensors else None for name in SD1_SHAPES)
    return str(SD1) if all(a == b for a, b in zip(shapes, SD1_SHAPES.values(), strict=True)) else None


def language(folder: Path, dtype: torch.dtype) -> tuple[Any, Any]:
    """Model and tokenizer of a transformers folder, on the CPU; raises `BadBase`."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        if not folder.is_dir():
            raise OSError("there is no such folder")
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        model: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, local_files_only=True, use_safetensors=True, trust_remote_code=False
        )
    except Exception as e:
        raise BadBase(
            f"the language base in {folder} can't be loaded: {first_line(e)}",
            next_step="Name a transformers folder with .safetensors weights and a tokenizer.",
        ) from e
    return model, tokenizer


def first_line(error: BaseException) -> str:
    """What an error of a library says, in one line."""
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)[:300]


def quiet() -> None:
    """Have the model libraries say only what went wrong; their progress bars are not ours."""
    import diffusers
    import transformers

    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()
    logging.getLogger("transformers").setLevel(logging.ERROR)
