"""Writer: what the presenter says in words of her own, by a language model here or elsewhere, or by the catalogue."""

from pipelines.brief import messages
from pipelines.writer.chain import Chain
from pipelines.writer.draft import Draft, Reject
from pipelines.writer.engine import (
    Engine,
    EngineDown,
    EngineFault,
    EngineGarbage,
    EngineSlow,
    Request,
    Sampling,
    TemplateEngine,
)
from pipelines.writer.form import fault, sayable
from pipelines.writer.remote import Address, RemoteEngine
from pipelines.writer.resident import ResidentEngine
from pipelines.writer.writer import Subject, Writer, Written, about, brief

__all__ = [
    "Address", "Chain", "Draft", "Engine", "EngineDown", "EngineFault", "EngineGarbage", "EngineSlow", "Reject",
    "RemoteEngine", "Request", "ResidentEngine", "Sampling", "Subject", "TemplateEngine", "Writer", "Written", "about",
    "brief", "fault", "messages", "sayable",
]
