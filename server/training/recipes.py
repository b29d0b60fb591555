"""Recipes: what somebody asks for over the network as the configuration of a training."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from adapters.errors import BadConfig
from adapters.training.config import TrainConfig, from_values
from server.settings import Settings
from server.training.datasets import Datasets
from server.training.documents import SETTINGS, JobIn
from server.wardrobe.catalogue import AdapterCatalogue
from streaming.errors import Unavailable

RANK = 16
NAME = "adapter"
"""Of the result's file."""


class Recipes:
    """Knows the bases, the data sets and the catalogue."""

    def __init__(self, settings: Settings, datasets: Datasets, adapters: AdapterCatalogue) -> None:
        self._settings, self._datasets, self._adapters = settings, datasets, adapters

    def config(self, body: JobIn, out: Path) -> TrainConfig:
        """Checked and whole; raises `BadConfig` that names the field, `NotFound` or `Unavailable`."""
        for key in body.settings:
            if key not in SETTINGS:
                raise BadConfig(key, f"{key} can't be set here", 
                                next_step="Train with the command line: docs/training.md.")
        dataset = self._datasets.get(body.dataset)
        if dataset["kind"] != body.kind:
            raise BadConfig("dataset", f"this data set is for {dataset['kind']} adapters", next_step="Choose another.")
        section = self._settings.visual if body.kind == "visual" else self._settings.language
        if not section.path:
            raise Unavailable(f"there is no {body.kind} base to train on",
                              next_step=f"set {body.kind}.path in nightanchor.yaml")
        values: dict[str, Any] = {
            "type": body.kind, "train_data_dir": self._datasets.files(body.dataset).resolve(),
            "base_model": Path(section.path).resolve(), "output_dir": out.resolve(), "output_name": NAME,
            "threads": self.threads, **body.settings,
        }
        values.setdefault("trigger_words", dataset["trigger"])
        if body.init_from:
            adapter = self._adapters.get(body.init_from)
            values["init_from"] = self._adapters.path(body.init_from).resolve()
            values.setdefault("lora_rank", adapter["rank"])
        values.setdefault("lora_rank", min(RANK, section.rank_max))
        config = from_values(values)
        if config.lora_rank > section.rank_max:
            raise BadConfig("lora_rank", f"the studio wears adapters up to rank {section.rank_max}",
                            next_step=f"Lower it to {section.rank_max}, or raise {body.kind}.rank_max.")
        if body.kind == "visual" and config.targets == "all" and self._settings.visual.targets != "all":
            raise BadConfig("lora_targets", "the studio does not wear adapters of convolutions",
                            next_step="Choose transformer, or set visual.targets: all in nightanchor.yaml.")
        return config

    @property
    def threads(self) -> int:
        """All cores but one, which is the picture's."""
        return self._settings.training.threads or max(1, (os.cpu_count() or 2) - 1)
