"""The models that ship with the demo: how true, how quick and how different they are.

Held-out briefs are about goods in words that were never trained on; "demo shop" is the one that `make run` opens.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from assets.demo_models.assemble import LANGUAGE
from assets.demo_models.language import judge
from assets.demo_models.language.dialogues import examples
from bench.row import row
from server import demo_models

TEXTS = 200
STYLED = 60


def language(models: demo_models.DemoModels) -> None:
    """Copying, fitting, speed and dictions of the language base."""
    assert models.language is not None
    speaker = judge.Speaker(models.language)
    for name, asked in (("held-out goods", judge.held_out(TEXTS)), ("demo shop", judge.demo())):
        found = judge.summary(judge.judged(speaker, asked))
        against = f"{found['texts']} texts about {name}"
        row(f"LLM: texts without an invented name, figure or phrase, {name}", 100 * found["copy"]["all"], "%", against)
        row(f"LLM: whole sentences, {name}", 100 * found["well_formed"], "%", against)
        row(f"LLM: answers with the fact that was asked for, {name}", 100 * found["fitting_answer"], "%", against)
    row("LLM: tokens a second", speaker.tokens / speaker.seconds, "tokens/s", "one text at a time, as on air")
    ears, right, of = judge.dictions(), 0, 0
    for style in LANGUAGE.values():
        path = next(e["path"] for e in models.adapters if e["id"] == f"demo-{style}")
        speaker.wear(path)
        asked = list(islice(examples(style, "judge-style", held_out=True), STYLED))
        said = judge.judged(speaker, asked, style)
        heard = sum(ears.of(s.text) == style for s in said)
        found = judge.summary(said)
        right, of = right + heard, of + len(said)
        row(f"LLM: texts without an invention, diction {style}", 100 * found["copy"]["all"], "%", f"{len(said)} texts")
    row("LLM: dictions told apart by a linear classifier", 100 * right / of, "%", f"{of} texts, three dictions")


def main() -> None:
    """Measure what ships."""
    models = demo_models.read()
    if models is None:
        print("skipped: assets/models is not there")
        return
    kinds: dict[str, Any] = {"language": language}
    for kind, measure in kinds.items():
        if getattr(models, kind) is not None:
            measure(models)


if __name__ == "__main__":
    main()
