"""Gate: a show's way through the guard; what was changed or held is told once, however often it is looked at."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from pipelines.catalogue import Product
from pipelines.guard.guard import Guard
from pipelines.guard.verdict import Verdict
from pipelines.line import Lang
from streaming.errors import BadInput

REMEMBERED = 512
HELD = "held"
"""The finer reason of the error for an operator's text that the guard does not let through."""


class Gate:
    """`tell` is told {type: guarded, action, text, said, …} of each line that is not let through as it is.

    Of a line that is, it is told the same with type `allowed`; of each line once.
    """

    def __init__(self, guard: Guard, tell: Callable[[dict[str, Any]], None]) -> None:
        self.guard, self._tell = guard, tell
        self.counts: Counter[str] = Counter()
        self._told: OrderedDict[tuple[str, str], None] = OrderedDict()

    def set_products(self, products: Iterable[Product]) -> None:
        """Judge by this catalogue from now on."""
        self.guard.set_products(products)

    def line(
        self, text: str, lang: Lang, product_id: str | None, names: Collection[str], *, line_id: str, source: str,
        event_id: str | None = None,
    ) -> tuple[str | None, dict[str, Any]]:
        """What is said of a line, None when it is held, with what the record keeps of it."""
        verdict = self.guard.judge(text, lang, product_id, names=names)
        self._once(verdict, text, lang, product_id, line_id, source, event_id)
        if verdict.action == "allow":
            return text, {"guard": "allow"}
        kept = {"guard": verdict.action, "rule": verdict.rule, "written": text}
        return verdict.text or None, kept

    def may_say(self, text: str, lang: Lang, product_id: str | None, names: Collection[str] = ()) -> bool:
        """Whether anything of a sentence would be said."""
        return self.guard.judge(text, lang, product_id, names=names).action != "hold"

    def admit(self, text: str, lang: Lang, product_id: str | None) -> None:
        """Raises `BadInput` with reason `held` for an operator's sentence that nobody has answered for."""
        verdict = self.guard.judge(text, lang, product_id)
        if verdict.action == "allow":
            return
        hit = verdict.hits[0]
        error = BadInput(
            f"the guard stops “{hit.found[:40]}”: {hit.reason.get(lang) or hit.reason.get('en', '')}",
            next_step=f"Say “{verdict.text}” instead, or say it on your own responsibility." if verdict.text
            else "Change the text, or say it on your own responsibility.",
        )
        error.reason = HELD
        raise error

    def operator(
        self, text: str, lang: Lang, product_id: str | None, *, line_id: str, by: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """What the record keeps of an operator's sentence: it is said whatever the verdict, which is told."""
        verdict = self.guard.judge(text, lang, product_id)
        if verdict.action == "allow":
            return {"guard": "allow"}
        self._once(Verdict("allow", text, verdict.hits), text, lang, product_id, line_id, "operator", by=by)
        return {"guard": "override", "rule": verdict.rule}

    def _once(
        self, verdict: Verdict, text: str, lang: Lang, product_id: str | None, line_id: str, source: str,
        event_id: str | None = None, by: Mapping[str, str] | None = None,
    ) -> None:
        key = (line_id, text)
        if key in self._told:
            return
        self._told[key] = None
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        action: str = verdict.action
        if action == "allow" and verdict.hits:
            action = "override"
        if action != "allow":
            self.counts[f"lines_{action}"] += 1
        self._tell({
            "type": "allowed" if action == "allow" else "guarded", "action": action, "line_id": line_id, "text": text,
            "said": verdict.text, "lang": lang,
            "source": source, "product_id": product_id, "hits": [h.document() for h in verdict.hits],
            "event_id": event_id, "by": dict(by) if by is not None else None,
        })
