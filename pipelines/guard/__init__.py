"""Guard: what may be said. Every sentence passes it before the voice."""

from pipelines.guard.gate import Gate as Gate
from pipelines.guard.guard import Guard as Guard
from pipelines.guard.verdict import Hit as Hit
from pipelines.guard.verdict import Verdict as Verdict
