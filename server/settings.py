"""Settings: every knob of an installation, from a YAML file and the environment.

Order, strongest first: command line, `NIGHTANCHOR_*` environment variables (`NIGHTANCHOR_VIDEO__WIDTH=1080`), the
YAML file (`--config`, else `nightanchor.yaml` in the working folder), the defaults below.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from server.demo_models import applied
from streaming.errors import BadInput

DEFAULT_FILE = Path("nightanchor.yaml")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSection(_Section):
    """Where panel and API answer."""

    host: str = Field(default="127.0.0.1", description="Address to listen on; 0.0.0.0 for the whole network.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port of panel and API.")
    open_live_flv: bool = Field(default=True, description="Let programs on this machine open live.flv without a token.")
    session_hours: int = Field(default=24 * 14, ge=1, le=24 * 365, description="How long a sign-in in the panel lasts.")


class VideoSection(_Section):
    """The picture; a room may have its own size and rate."""

    width: int = Field(default=720, ge=160, le=3840, description="Width in pixels; even.")
    height: int = Field(default=1280, ge=160, le=3840, description="Height in pixels; a multiple of four.")
    fps: Literal[25, 30] = Field(default=25, description="Frames a second.")
    kbps: int = Field(default=2500, ge=300, le=50_000, description="Bit rate of the video in kbit/s.")
    encoder: Literal["auto", "x264", "nvenc"] = Field(default="auto", description="auto takes NVENC where it works.")
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium"] = Field(
        default="veryfast", description="x264 preset; a faster one needs less of the machine."
    )
    threads: int = Field(default=1, ge=1, le=16, description="Threads of x264.")


class AudioSection(_Section):
    """The sound: AAC, stereo, 44.1 kHz, speech at -16 LUFS."""

    kbps: int = Field(default=128, ge=32, le=320, description="Bit rate of the sound in kbit/s.")


class ShowSection(_Section):
    """How the presenter goes about her work."""

    rest_s: float = Field(default=1.2, ge=0, le=60, description="Silence between two scripts in seconds.")
    mood: Literal["calm", "warm", "lively"] = Field(default="warm", description="How she speaks and looks.")
    label: str = Field(
        default="", max_length=40,
        description="AI label; must say AI (or 人工智能) and generated (生成, 合成). Empty: by language.",
    )
    notice_min: float = Field(
        default=60.0, ge=0, le=1440,
        description="Minutes between two sayings that she is an AI; 0: at the opening only, which can't be left out.",
    )
    no_repeat_min: float = Field(default=20.0, ge=0, le=240, description="Minutes in which no sentence is repeated.")
    low_stock: int = Field(default=10, ge=0, le=1000, description="From so few left on it is said; 0: never.")
    time_zone: str = Field(default="", description="Zone of the clock, as Asia/Shanghai. Empty: this machine's.")


class RecordingSection(_Section):
    """Recordings to disk."""

    folder: str = Field(default="", description="Where they go. Empty: `recordings` in the data folder.")
    segment_s: int = Field(default=1800, ge=10, le=24 * 3600, description="Length of one file in seconds.")
    keep_gb: float = Field(default=20.0, gt=0, description="The oldest files go when all together are larger.")


class LooksSection(_Section):
    """Presenters."""

    max_upload_mb: int = Field(default=20, ge=1, le=200, description="Largest picture that may be uploaded.")


class StudioSection(_Section):
    """The process that keeps the bases resident; it runs when there is a base."""

    device: str = Field(default="auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$", description="auto takes CUDA if there.")
    dtype: Literal["auto", "fp32", "fp16", "bf16"] = Field(default="auto", description="auto: half on CUDA.")
    threads: int = Field(default=1, ge=1, le=64, description="CPU threads of torch; leave one core to the picture.")
    rooms: int = Field(default=2, ge=1, le=32, description="Rooms that can wear adapters at once, two slots each.")
    staged_mb: int = Field(default=512, ge=1, le=100_000, description="Memory for adapters that wait to be swapped in.")
    compile: bool = Field(default=False, description="torch.compile the UNet; swaps never recompile it.")


class VisualSection(_Section):
    """The Stable Diffusion base."""

    path: str = Field(
        default="auto", description="Folder of diffusers, or one .safetensors file. auto: the demo's. Empty: none."
    )
    rank_max: int = Field(default=32, ge=1, le=256, description="Largest rank of an adapter; costs memory per slot.")
    targets: Literal["attention", "transformer", "all"] = Field(
        default="transformer", description="Modules that can be adapted; all includes convolutions."
    )
    scheduler: Literal["auto", "lcm", "ddim", "dpm", "euler"] = Field(
        default="auto", description="auto: the base's own; lcm for bases distilled to few steps."
    )
    steps: int = Field(default=20, ge=1, le=100, description="Denoising steps of a portrait; 4 to 8 with lcm.")
    guidance: float = Field(default=5.0, ge=0, le=30, description="Classifier-free guidance; 1 to 2 with lcm.")


class RemoteSection(_Section):
    """An OpenAI-compatible server that writes: vLLM, SGLang, Ollama, DeepSeek and their like."""

    base_url: str = Field(
        default="", pattern=r"^(https?://\S+)?$", description="Such as http://127.0.0.1:8001/v1. Empty: none."
    )
    model: str = Field(default="", max_length=200, description="The model's name as the server knows it.")
    api_key: SecretStr = Field(default=SecretStr(""), description="Better in NIGHTANCHOR_LANGUAGE__REMOTE__API_KEY.")
    loras: dict[str, str] = Field(
        default_factory=dict, description="A language adapter's id -> the model name under which the server serves it."
    )
    extra: dict[str, Any] = Field(default_factory=dict, description="Added to the body of every request.")
    connect_s: float = Field(default=3.0, gt=0, le=60, description="Time to connect.")
    first_token_s: float = Field(default=8.0, gt=0, le=120, description="Time until the first piece of text.")
    total_s: float = Field(default=30.0, gt=0, le=600, description="Time for a whole text; it is cut off then.")
    retries: int = Field(default=1, ge=0, le=5, description="Tries after the first, while nothing has come.")
    max_chars: int = Field(default=2000, ge=100, le=20_000, description="A longer text is cut off.")


class LanguageSection(_Section):
    """The LLM base, or the server that writes in its place."""

    path: str = Field(
        default="auto", description="Folder of transformers with a language model. auto: the demo's. Empty: none."
    )
    rank_max: int = Field(default=32, ge=1, le=256, description="Largest rank of an adapter.")
    on_air: bool = Field(default=False, description="Let the resident base write what is said; see docs/writer.md.")
    engine: Literal["auto", "resident", "remote", "template"] = Field(
        default="auto", description="auto: remote when it has an address, else the base when it is on_air, else none."
    )
    first_sentence_s: float = Field(
        default=2.5, ge=0.2, le=20, description="A viewer is answered from the catalogue when nothing came by then."
    )
    remote: RemoteSection = RemoteSection()
    max_tokens: int = Field(default=120, ge=8, le=1000, description="Longest text in tokens.")
    temperature: float = Field(default=0.7, ge=0, le=2, description="0 takes the likeliest word each time.")
    top_p: float = Field(default=0.9, gt=0, le=1, description="Share of the likeliest words to choose from.")
    repetition_penalty: float = Field(
        default=1.1, ge=1, le=2, description="Over 1 words that came already become less likely (arXiv:1909.05858)."
    )
    copy_bias: float = Field(
        default=0.0, ge=0, le=20, description="Over 0 the resident base goes on with the fact that it began to copy."
    )


class AdaptersSection(_Section):
    """The catalogue of adapters."""

    max_upload_mb: int = Field(default=200, ge=1, le=1000, description="Largest adapter that may be uploaded.")


class TrainingSection(_Section):
    """Training of adapters beside the show."""

    max_upload_mb: int = Field(default=500, ge=1, le=10_000, description="Largest data set that may be uploaded.")
    threads: int = Field(default=0, ge=0, le=256, description="CPU threads of a training; 0: all cores but one.")


class ScheduleSection(_Section):
    """The timetable."""

    follow: bool = Field(default=True, description="Change personas by the timetable; false: by hand only.")


class AigcSection(_Section):
    """The notice for machines in streams and recordings (GB 45438-2025); names or codes that were given out."""

    producer: str = Field(default="NightAnchor", min_length=1, max_length=100, description="Who makes the content.")
    propagator: str = Field(default="", max_length=100, description="Who spreads it. Empty: the producer.")
    content: str = Field(
        default="", max_length=60, description="How content numbers begin. Empty: with this installation's own number."
    )


class AirLogSection(_Section):
    """The record of every sentence that was spoken."""

    keep_days: int = Field(default=1096, ge=0, le=36500, description="Days that it is kept, three years; 0: for ever.")


class Settings(BaseSettings):
    """All sections; an unknown key is refused."""

    model_config = SettingsConfigDict(
        env_prefix="NIGHTANCHOR_", env_nested_delimiter="__", extra="ignore", frozen=True,
        nested_model_default_partial_update=True,
    )

    server: ServerSection = ServerSection()
    video: VideoSection = VideoSection()
    audio: AudioSection = AudioSection()
    show: ShowSection = ShowSection()
    recording: RecordingSection = RecordingSection()
    looks: LooksSection = LooksSection()
    studio: StudioSection = StudioSection()
    visual: VisualSection = VisualSection()
    language: LanguageSection = LanguageSection()
    adapters: AdaptersSection = AdaptersSection()
    training: TrainingSection = TrainingSection()
    schedule: ScheduleSection = ScheduleSection()
    airlog: AirLogSection = AirLogSection()
    aigc: AigcSection = AigcSection()
    demo: bool = Field(default=True, description="Fill a new data folder with the demo room and put it on air.")


def load(config: Path | None) -> Settings:
    """Read the settings; raises `BadInput` that names the file, the key and what is allowed."""
    path = config or DEFAULT_FILE
    data: dict[str, Any] = {}
    if config is not None or path.exists():
        try:
            parsed = yaml.safe_load(path.read_text(encoding="utf-8"))
        except OSError as e:
            raise BadInput(f"settings file {path}: {e.strerror}", next_step="give another one with --config") from e
        except (yaml.YAMLError, UnicodeDecodeError) as e:
            raise BadInput(
                f"settings file {path} is not YAML: {e}", next_step="compare with nightanchor.example.yaml"
            ) from e
        if parsed is not None and not isinstance(parsed, dict):
            raise BadInput(f"settings file {path} holds no keys", next_step="compare with nightanchor.example.yaml")
        data = parsed or {}
    _refuse_unknown(data, path)
    try:
        return applied(_with_whole_remote(Settings(**_under_environment(data))))
    except ValidationError as e:
        first = e.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise BadInput(
            f"setting {key} in {path if data else 'the environment'}: {first['msg']} (it is {first.get('input')!r})",
            next_step="see nightanchor.example.yaml for what is allowed",
        ) from e


def _with_whole_remote(settings: Settings) -> Settings:
    """The settings; raises `BadInput` when a server that is to write is named by half."""
    language = settings.language
    if language.engine == "remote" and not language.remote.base_url:
        raise BadInput(
            "setting language.engine is remote, but there is no address",
            next_step="set language.remote.base_url, such as http://127.0.0.1:8001/v1",
        )
    if language.remote.base_url and not language.remote.model:
        raise BadInput(
            f"setting language.remote.base_url is {language.remote.base_url}, but no model is named",
            next_step="set language.remote.model to a name that the server knows; it lists them under /models",
        )
    return settings


def _refuse_unknown(data: dict[str, Any], path: Path) -> None:
    known: dict[str, list[str]] = {}
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        known[name] = list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []
    for key, value in data.items():
        if key not in known:
            _unknown(key, list(known), path)
        if known[key] and isinstance(value, dict):
            for inner in value:
                if inner not in known[key]:
                    _unknown(f"{key}.{inner}", [f"{key}.{k}" for k in known[key]], path)


def _unknown(key: str, known: list[str], path: Path) -> None:
    near = difflib.get_close_matches(key, known, 1)
    hint = f"did you mean {near[0]}?" if near else "see nightanchor.example.yaml for the keys there are"
    raise BadInput(f"settings file {path}: there is no key {key}", next_step=hint)


def _under_environment(data: dict[str, Any], prefix: str = "NIGHTANCHOR") -> dict[str, Any]:
    """Leave out of the file what the environment says, since what is passed by name would win over it."""
    out: dict[str, Any] = {}
    names = {k.upper(): k for k in os.environ}
    mark = "_" if prefix == "NIGHTANCHOR" else "__"
    for key, value in data.items():
        name = f"{prefix}{mark}{key}".upper()
        if name in names:
            continue
        out[key] = _with_environment(value, name, names) if isinstance(value, dict) else value
    return out


def _with_environment(value: dict[str, Any], prefix: str, names: dict[str, str]) -> dict[str, Any]:
    """A section of the file with what the environment says of it, in any depth."""
    merged = _under_environment(value, prefix)
    inner = {n.removeprefix(f"{prefix}__"): real for n, real in names.items() if n.startswith(f"{prefix}__")}
    for name, real in inner.items():
        first, _, rest = name.partition("__")
        said = os.environ[real]
        if not rest:
            merged[first.lower()] = yaml.safe_load(said) if said[:1] in ("{", "[") else said
        elif first.lower() not in merged:
            merged[first.lower()] = _with_environment({}, f"{prefix}__{first}", names)
    return merged
