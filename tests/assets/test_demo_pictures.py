"""The demo's picture models: what they are taught is what it says, and a training that was cut off ends the same."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn

from assets.demo_models import autoencoder, painter, words
from assets.demo_models.assemble import BITS, landmarks, rounded
from assets.demo_models.judge import distance, labels
from assets.demo_models.personas import SUBJECTS
from assets.demo_models.personas import write as write_persona
from assets.demo_models.pictures import HEIGHT, WIDTH, draw, example, marks, write
from assets.demo_models.run import Run
from assets.demo_models.traits import TRAITS, caption, choose, person, plain_caption
from assets.demo_models.upscaler import train as train_upscaler
from pipelines.studio.upscaler import Upscaler


def test_a_prompt_asks_for_every_trait_that_has_a_word() -> None:
    for n in range(60):
        choice = choose(random.Random(n))
        for lang in ("zh", "en"):
            text = plain_caption(choice, lang)
            asked = words.asked_for(text, choice, lang)
            for trait, values in TRAITS.items():
                value = next(v for v in values if v.name == choice[trait])
                named = bool(value.zh if lang == "zh" else value.en)
                assert (asked[trait] < len(values)) == named, (trait, text)


def test_what_a_caption_hides_is_never_said() -> None:
    hidden = {"hair", "scene"}
    for n in range(60):
        rng = random.Random(n)
        choice = choose(rng)
        text = caption(choice, rng, "zh", keep=1.0, hidden=hidden)
        for trait in hidden:
            value = next(v for v in TRAITS[trait] if v.name == choice[trait])
            assert not any(phrase in text for phrase in value.zh), text


def test_the_same_number_is_the_same_person_and_others_differ(tmp_path: Path) -> None:
    a, b = draw(example(5)[1]), draw(example(5)[1])
    assert a.shape == (HEIGHT, WIDTH, 3)
    assert np.array_equal(a, b)
    assert np.abs(a.astype(int) - draw(example(6)[1])).mean() > 5
    path = write(tmp_path, 5)
    first = path.stat().st_mtime_ns
    assert write(tmp_path, 5).stat().st_mtime_ns == first, "what is there is not drawn again"
    assert json.loads(path.with_suffix(".json").read_text()) == example(5)[0]


def test_eyes_and_mouth_stand_where_the_marks_say() -> None:
    _, p = example(3)
    picture = draw(p).astype(int)
    found = marks(p)
    x, y = (round(v) for v in found["left_eye"])
    # An iris is darker than the skin of the cheek below it.
    cheek = picture[y + 45, x].sum()
    assert picture[y - 2 : y + 3, x - 2 : x + 3].sum(2).mean() < 0.75 * cheek
    middle = (found["left_eye"][0] + found["right_eye"][0]) / 2
    assert middle == pytest.approx(found["chin"][0], abs=2)
    assert found["left_eye"][1] < found["mouth_top"][1] < found["mouth_bottom"][1] < found["chin"][1] < HEIGHT


def test_faces_of_all_people_stand_close_to_where_the_card_will_say() -> None:
    mean = landmarks(60)
    for n in range(20):
        rng = random.Random(f"other {n}")
        found = marks(person(choose(rng), rng))
        for name, (x, y) in mean.items():
            assert abs(found[name][0] - x * WIDTH) < 5, name
            assert abs(found[name][1] - y * HEIGHT) < 5, name


def test_a_personas_prompts_name_her_and_only_what_varies(tmp_path: Path) -> None:
    write_persona("tang", tmp_path, 3)
    with open(tmp_path / "metadata.csv", encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    assert len(rows) == 3
    assert all((tmp_path / r["file_name"]).is_file() for r in rows)
    subject = SUBJECTS["tang"]
    for row in rows:
        assert row["prompt"].startswith(subject.trigger)
        for phrase in ("花钿", "高髻", "灯笼", "mark", "bun", "lanterns"):
            assert phrase not in row["prompt"], "what she always wears is left to her name"
    assert len({(tmp_path / r["file_name"]).read_bytes() for r in rows}) == 3


class Toy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Linear(4, 8), nn.SiLU(), nn.Linear(8, 1))

    def loss(self, _step: int, rng: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        x = torch.randn(16, 4, generator=rng)
        return (self.layers(x)[:, 0] - x.sum(1)).square().mean(), {}


def test_a_run_that_was_cut_off_ends_with_the_weights_it_would_have_had(tmp_path: Path) -> None:
    whole, cut, again = Toy(), Toy(), Toy()
    Run("toy", whole, tmp_path / "a", steps=30, lr=1e-2, every=10).go(whole.loss)
    short = Run("toy", cut, tmp_path / "b", steps=30, lr=1e-2, every=10)

    def stop(step: int, rng: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        if step == 17:
            raise KeyboardInterrupt
        return cut.loss(step, rng)

    with pytest.raises(KeyboardInterrupt):
        short.go(stop)
    resumed = Run("toy", again, tmp_path / "b", steps=30, lr=1e-2, every=10)
    assert resumed.step == 10
    resumed.go(again.loss)
    for a, b in zip(whole.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)
    assert all(torch.equal(v, Run("toy", Toy(), tmp_path / "a", steps=30, lr=1e-2).mean[k])
               for k, v in resumed.mean.items())


def test_what_is_at_its_end_already_is_still_written_down(tmp_path: Path) -> None:
    toy = Toy()
    Run("toy", toy, tmp_path, steps=20, lr=1e-2).go(toy.loss)
    seen: list[int] = []
    Run("toy", Toy(), tmp_path, steps=20, lr=1e-2).go(toy.loss, seen.append)
    assert seen == [20]


def test_the_averaged_weights_are_shown_and_put_back(tmp_path: Path) -> None:
    toy = Toy()
    run = Run("toy", toy, tmp_path, steps=20, lr=1e-2, every=50)
    run.go(toy.loss)
    live = [p.detach().clone() for p in toy.parameters()]
    with run.averaged():
        assert any(not torch.equal(a, b) for a, b in zip(live, toy.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b in zip(live, toy.parameters(), strict=True))


def test_a_loss_that_is_no_number_ends_the_run_with_advice(tmp_path: Path) -> None:
    toy = Toy()
    run = Run("toy", toy, tmp_path, steps=3, lr=1e-2)
    with pytest.raises(SystemExit, match="lower the learning rate"):
        run.go(lambda _s, _r: (toy.layers[0].weight.sum() * float("nan"), {}))


def test_the_untrained_autoencoder_keeps_a_blurred_picture() -> None:
    vae = autoencoder.new().eval()
    picture = torch.from_numpy(draw(example(1)[1]).astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
    with torch.no_grad():
        z = vae.encode(picture).latents
        out = vae.decode(z).sample
    assert z.shape == (1, autoencoder.CHANNELS, HEIGHT // 16, WIDTH // 16)
    assert out.shape == picture.shape
    made, wanted = (torch.nn.functional.avg_pool2d(x, 32) for x in (out, picture))
    alike = torch.corrcoef(torch.stack([made.flatten(), wanted.flatten()]))[0, 1]
    assert alike > 0.75, "colours are there before anything is learnt"


def test_a_painting_is_made_by_the_folder_that_is_left(tmp_path: Path) -> None:
    torch.manual_seed(0)
    tokens = words.tokenizer()
    made = painter.pipeline(painter.new_unet(), autoencoder.new(), words.encoder(tokens), tokens)
    made.save_pretrained(tmp_path, safe_serialization=True, max_shard_size=painter.SHARD)
    from diffusers import StableDiffusionPipeline

    again = StableDiffusionPipeline.from_pretrained(tmp_path, local_files_only=True)
    assert again.scheduler.config.prediction_type == "v_prediction"
    out = painter.paint(again, "主播肖像，黑发", 1, steps=2)
    assert out.shape == (HEIGHT, WIDTH, 3)
    assert max(f.stat().st_size for f in (tmp_path / "unet").iterdir()) < 20_000_000 * 2, "in float32, twice what ships"


def test_the_distance_is_nothing_between_the_same_and_grows_with_the_difference() -> None:
    rng = torch.Generator().manual_seed(0)
    a = torch.randn(300, 16, generator=rng)
    assert distance(a, a) == pytest.approx(0, abs=1e-2)
    assert distance(a, a + 1) > distance(a, a + 0.5) > 1
    assert [int(v) for v in labels([example(0)[0]])["skin"]] == [
        next(i for i, v in enumerate(TRAITS["skin"]) if v.name == example(0)[0]["skin"])
    ]


def test_the_upscaler_learns_from_large_pictures_and_loads_as_the_studio_loads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assets.demo_models.upscaler.HELD_OUT", 1)
    (tmp_path / "large").mkdir()
    for n in range(2):
        large = draw(example(n)[1], 2)
        Image.fromarray(large).save(tmp_path / "large" / f"{n:05d}.webp", lossless=True)
    autoencoder.new().save_pretrained(tmp_path / "vae" / "model")
    train_upscaler(tmp_path / "large", tmp_path / "vae", tmp_path / "out", steps=2, threads=1)
    made = Upscaler.load(tmp_path / "out" / "model")
    assert made.settings == json.loads((tmp_path / "out" / "model" / "config.json").read_text())
    assert "gain_db" in json.loads((tmp_path / "out" / "judged.json").read_text())
    assert load_file(tmp_path / "out" / "model" / "model.safetensors")["enter.weight"].dtype == torch.float16


def test_weights_that_ship_are_rounded_to_the_nearest_and_stay_what_they_were() -> None:
    t = torch.randn(64, 64, generator=torch.Generator().manual_seed(0)).half()
    t[0, 0], t[0, 1] = 0.0, -0.0
    out = rounded(t)
    assert out.dtype == torch.float16
    assert float(((out - t).abs() / t.abs().clamp(min=1e-3)).max()) <= 2**-BITS
    assert torch.equal(rounded(out), out)
    assert abs(float((out - t).float().mean())) < 1e-3, "no drift to one side"
    assert not int((out.view(torch.int16) & 0b1111).abs().sum()), "bits that git need not keep"
    few = torch.tensor([[1.0, -1.0, 0.5, 255.0]]).half()
    assert rounded(few).tolist() == [[1.0, -1.0, 0.5, 256.0]]
