"""Captions: what a picture shows, in words — by a captioning model where there is one, else from names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Protocol

from adapters.errors import BadConfig
from adapters.training.pictures import open_rgb, repeats_of

_MEANINGLESS = re.compile(
    r"^(img|dsc|dscn|pic|photo|image|screenshot|wechat|mmexport|微信图片|截图|图片|照片)?[\W_\d]*$", re.I
)


class Captioner(Protocol):
    """Makes a caption for one picture."""

    def caption(self, path: Path, folder: Path) -> str:
        """A prompt, without the trigger."""


class Template:
    """Words of the file's and the folder's name; what a camera calls its files says nothing."""

    def __init__(self, subject: str = "portrait") -> None:
        self._subject = subject

    def caption(self, path: Path, folder: Path) -> str:
        """For instance `red robe, portrait` for `10_tang/red_robe-03.jpg` below the folder."""
        words = re.sub(r"[_\-]+", " ", path.stem)
        words = re.sub(r"[\s(（]*\d+[)）]*$", "", words).strip()
        parts = [] if _MEANINGLESS.match(words) else [words]
        if path.parent != folder:
            parts.append(repeats_of(path.parent.name)[1])
        return ", ".join(dict.fromkeys([*(p for p in parts if p), self._subject]))


class Blip:
    """A captioning model of transformers from a local folder; raises `BadConfig` when it can't be loaded."""

    def __init__(self, folder: Path) -> None:
        try:
            import torch
            from transformers import AutoModelForImageTextToText, AutoProcessor

            self._torch = torch
            processor: Any = AutoProcessor
            model: Any = AutoModelForImageTextToText
            self._processor: Any = processor.from_pretrained(folder, local_files_only=True)
            self._model: Any = model.from_pretrained(folder, local_files_only=True, use_safetensors=True)
        except ImportError as e:
            raise BadConfig("captioner", f"a captioning model needs {e.name}", next_step="make studio") from e
        except (OSError, ValueError, KeyError) as e:
            raise BadConfig("captioner", f"{folder} is no captioning model: {str(e).splitlines()[0][:200]}",
                            next_step="Give a transformers folder of a BLIP-type model, or template.") from e
        self._model.to("cuda" if torch.cuda.is_available() else "cpu").eval()

    def caption(self, path: Path, folder: Path) -> str:
        """What the model sees."""
        image = open_rgb(path)
        image.thumbnail((1024, 1024))
        inputs = self._processor(images=image, return_tensors="pt").to(self._model.device)
        with self._torch.inference_mode():
            out = self._model.generate(**inputs, max_new_tokens=40)
        text = str(self._processor.batch_decode(out, skip_special_tokens=True)[0])
        return " ".join(text.split())


def captioner_of(name: str) -> Captioner:
    """`template`, or the folder of a model."""
    return Template() if name == "template" else Blip(Path(name))


def with_trigger(prompt: str, trigger: str) -> str:
    """The trigger before the prompt, unless it is in it."""
    if not trigger or trigger.lower() in prompt.lower():
        return prompt
    return f"{trigger}, {prompt}" if prompt else trigger
