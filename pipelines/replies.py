"""Replies: what viewers said becomes blocks to say; in the writer's words when they are ready in time and may be said.

The catalogue's own wording is made first and kept at hand: whatever becomes of the writer, nobody stays unanswered.
While the writer is at work the show goes on, and the answer breaks in at the next sentence boundary.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pipelines import sentences
from pipelines.answers import Answers, Reply
from pipelines.brief import MAX_FACT, Brief, Kind, task
from pipelines.catalogue import Product, in_lang
from pipelines.inbox import Pick, Wait
from pipelines.lately import Lately, without
from pipelines.line import Lang
from pipelines.moderation import spoken_name
from pipelines.relevance import contradicts, point
from pipelines.retrieval import Found
from pipelines.running_order import Block, Cue, Rank
from pipelines.writer import Draft, Reject, Request, Writer, about, fault

CANDIDATES = 6
"""Wordings of the catalogue among which one is chosen that was not said lately."""
FACTS = 8
"""Facts that a writer is given for an answer: more than a small model was trained on only confuse it."""
GAP_S = 1.2
"""Silence after which an answer that is still being written ends with what was said."""
LATELY = 6
WRITTEN: dict[Wait, Kind] = {
    "question": "answer", "hello": "greet", "join": "greet", "gift": "thank", "follow": "thank",
}
"""What a writer is asked to do for which events; others are answered from the catalogue alone."""
ASKABLE = ("", "price", "discount", "stock", "shipping", "returns")
"""Questions that a writer may answer; who she is, what there is and how to buy are not a matter of style."""
SURE = ("price", "discount", "stock")
_NEXT: dict[Lang, str] = {"zh": "，", "en": ", ", "ja": "さん、"}
_COMMON = frozenset("It It's The Yes No You We This That There In For Our Your They At On With".split())
"""English words that are written small after a name."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks now, in which room's language, about which product when a question names none."""

    lang: Lang
    prompt: str = ""
    adapter: str | None = None
    focus: str | None = None
    moment: str = ""


@dataclass(frozen=True, slots=True)
class Floor:
    """What replies need of their show: ids, filled wording, the guard's word, and to be looked at again."""

    line_id: Callable[[], str]
    fill: Callable[[str, Lang, str | None, str], str | None]
    may: Callable[[str, Lang, str | None, str], bool]
    close: Callable[[Block], None]
    wake: Callable[[], None]
    tell: Callable[[dict[str, Any]], None]


@dataclass(slots=True, eq=False)
class _Pending:
    pick: Pick
    reply: Reply
    draft: Draft
    block: Block | None = None
    taken: int = 0


class Replies:
    """One answer at a time; every method returns at once."""

    def __init__(self, answers: Answers, writer: Writer | None, lately: Lately, floor: Floor) -> None:
        self._answers, self._writer, self._lately, self._floor = answers, writer, lately, floor
        self._products: dict[str, Product] = {}
        self._pending: _Pending | None = None
        self._spoken_of: list[_Pending] = []
        self._again: deque[Pick] = deque()
        self.counts = {"answers_written": 0, "answers_template": 0}

    def set_products(self, products: dict[str, Product]) -> None:
        """Answer about these from now on."""
        self._products = products

    @property
    def waiting(self) -> bool:
        """Whether an answer is being written of which nothing can be said yet, or one is to be begun anew."""
        return bool(self._again) or (self._pending is not None and self._pending.block is None)

    def pull(self, pop: Callable[[], Pick | None], speaker: Speaker) -> Block | None:
        """The next reply that can be said now; None when there is none, or it is being written."""
        pending = self._pending
        if pending is not None and pending.block is None:
            if pending.draft.sentences:
                return self._begin(pending)
            if not pending.draft.done:
                return None
            self._pending = None
            return self._template(pending.pick, pending.reply, told=True)
        pick = self._again.popleft() if self._again else pop()
        if pick is None:
            return None
        reply = self._reply(pick, speaker)
        if reply is None:
            return None
        self._show(pick, reply, speaker)
        request = self._request(pick, reply, speaker)
        if request is None or self._writer is None:
            return self._template(pick, reply)
        check = self._check(request, reply)
        self._pending = _Pending(pick, reply, self._writer.answer(
            request, check=check, changed=self._changed, event_id=pick.events[0].event_id,
        ))
        return None

    def hurry(self) -> None:
        """Nothing is on air: an answer that is still being written goes on soon, or ends here."""
        pending = self._pending
        if pending is None or pending.block is None or not pending.block.open:
            return
        if pending.draft.done:
            self._floor.close(pending.block)
        pending.draft.hurry(GAP_S)

    def drop(self) -> None:
        """Somebody else speaks from now on: what was written and nobody heard is answered anew."""
        pending, self._pending = self._pending, None
        written, self._spoken_of = self._spoken_of, []
        if pending is not None and pending.block is None:
            pending.draft.cancel()
            self._again.append(pending.pick)
        for one in written:
            block = one.block
            if block is None or block.done:
                continue
            one.draft.cancel()
            for cue in block.cues:
                if cue.state == "waiting":
                    cue.state = "dropped"
            self._floor.close(block)
            if not block.begun:
                self._again.append(one.pick)

    # --- written ---

    def _request(self, pick: Pick, reply: Reply, speaker: Speaker) -> Request | None:
        """What a writer is asked; None when the catalogue's wording is better, or no engine is able."""
        kind, found = WRITTEN.get(pick.kind), reply.found
        if kind is None or self._writer is None or not self._writer.able:
            return None
        if kind == "answer":
            if found is None or found.product is None or found.intent not in ASKABLE:
                return None
            # Of which product it is must be said, and only the catalogue's wording does so for sure.
            if found.elsewhere or (found.intent in SURE and not self._writer.prompt_enough):
                return None
        product = found.product if found is not None else None
        question = pick.events[0].text if kind == "answer" else ""
        fields: dict[str, Any] = {"persona": speaker.prompt, "viewer": reply.user, "question": question}
        if kind == "answer" and found is not None:
            facts = self._answers.facts(found, question, reply.lang, FACTS)
            filled = (self._floor.fill(f, reply.lang, found.product.product_id, reply.user) for f, _ in facts
                      ) if found.product is not None else ()
            fields["facts"] = tuple(f for f in filled if f and "{" not in f)
        brief = about(kind, reply.lang, product, **fields)
        if kind == "answer" and found is not None:
            brief = replace(brief, closest=self._closest(found, brief, reply))
        spare = [self._filled(text, reply) for text in reply.texts]
        return Request(
            self._writer.room, brief, speaker.adapter, self._lately.latest(LATELY), speaker.moment,
            tuple(s for s in spare if s),
        )

    def _closest(self, found: Found, brief: Brief, reply: Reply) -> str:
        """What the catalogue has to the question, in as many whole sentences as a brief holds; empty for nothing."""
        match found.intent:
            case "price":
                return brief.price
            case "discount":
                return brief.was_price and brief.price
            case "stock":
                return brief.stock
        answer = in_lang(found.faq.answer, brief.lang) if found.faq is not None else found.fact
        filled = self._filled(answer, reply) or ""
        out, joint = "", " " if brief.lang == "en" else ""
        for sentence in sentences.split(filled if "{" not in filled else ""):
            if len(out) + len(sentence) > MAX_FACT:
                break
            out += joint * bool(out) + sentence
        return out.rstrip("，、, ")

    def _check(self, request: Request, reply: Reply) -> Callable[[str], Reject]:
        brief = request.brief
        # A figure in the question is the viewer's, not a fact.
        known = "\n".join((task(replace(brief, question="")), reply.user, request.moment))
        about = self._subject(reply)

        found, answered = reply.found, brief.kind != "answer"

        def check(sentence: str) -> Reject:
            nonlocal answered
            wrong = fault(sentence, reply.lang, known, brief.question)
            if wrong:
                return wrong
            if contradicts(sentence, brief.facts, reply.lang):
                return "contradicts"
            if not self._floor.may(sentence, reply.lang, about, reply.user):
                return "held"
            fresh = self._lately.fresh(without(sentence, _split(reply.user)))
            what = point(sentence, brief, found) if not answered and found is not None else "answers"
            if what == "opens":
                return "later" if fresh else "opening"
            if what == "beside":
                return "beside"
            if fresh:
                answered = True
            return "" if fresh else "repeated"

        return check

    def _begin(self, pending: _Pending) -> Block:
        """A block with what is written so far; open while more may come."""
        pick, reply = pending.pick, pending.reply
        is_question = pick.kind == "question"
        pending.block = block = Block(
            [], Rank.REPLY, event_ids=tuple(e.event_id for e in pick.events), interrupts=is_question, open=True,
        )
        self._append(pending)
        first = block.cues[0]
        first.text = self._called(first.text, reply)
        first.spare = " ".join(reply.texts) if reply.lang == "en" else "".join(reply.texts)
        block.open = not pending.draft.done
        self.counts["answers_written"] += 1
        self._spoken_of = [p for p in self._spoken_of if p.block is not None and not p.block.done] + [pending]
        return block

    def _append(self, pending: _Pending) -> None:
        block, pick, reply = pending.block, pending.pick, pending.reply
        if block is None:
            return
        first = pick.events[0]
        for text in pending.draft.sentences[pending.taken :]:
            block.cues.append(Cue(
                self._floor.line_id(), text, reply.lang, "reply" if pick.kind == "question" else "greeting",
                Rank.REPLY, product_id=self._subject(reply), user=reply.user, reply_to=first.event_id,
                asked_ts=first.ts, literal=True, engine=pending.draft.engine,
            ))
        pending.taken = len(pending.draft.sentences)

    def _changed(self) -> None:
        pending = self._pending
        if pending is not None and pending.block is not None:
            self._append(pending)
            if pending.draft.done:
                self._floor.close(pending.block)
        self._floor.wake()

    def _called(self, text: str, reply: Reply) -> str:
        """The first sentence with the viewer's name, when it holds none."""
        nameless = spoken_name("", reply.lang)
        names = [n for n in _split(reply.user) if n != nameless]
        if not names or any(n in text for n in names):
            return text
        if reply.lang == "en" and text.split(" ")[0].rstrip(",") in _COMMON:
            text = text[0].lower() + text[1:]
        called = reply.user + _NEXT[reply.lang] + text
        return called if sentences.units(called) <= sentences.MAX_UNITS else text

    def _subject(self, reply: Reply) -> str | None:
        """The product that an answer is judged by and whose card is shown; the one that the facts are of."""
        found = reply.found
        if found is None or found.product is None:
            return reply.product_id
        return found.product.product_id

    # --- from the catalogue ---

    def _reply(self, pick: Pick, speaker: Speaker) -> Reply | None:
        """The catalogue's wording that was not said lately, or longest ago."""
        focus = pick.about if pick.about in self._products else speaker.focus
        made = (self._answers.reply(pick, speaker.lang, focus) for _ in range(CANDIDATES))
        reply = self._lately.freshest((r for r in made if r is not None), self._spoken)
        if reply is None:
            return None
        if not any(self._filled(t, reply, judged=True) for t in reply.texts):
            return replace(self._answers.unknown(pick, speaker.lang), found=None)
        return reply

    def _template(self, pick: Pick, reply: Reply, *, told: bool = False) -> Block:
        first, is_question = pick.events[0], pick.kind == "question"
        self.counts["answers_template"] += 1
        if not told:
            self._floor.tell({
                "type": "draft", "job": f"{first.event_id}-catalogue", "text": self._whole(reply), "done": True,
                "engine": "template", "event_id": first.event_id, "kind": WRITTEN.get(pick.kind, "thank"),
            })
        cues = [
            Cue(
                self._floor.line_id(), text, reply.lang, "reply" if is_question else "greeting", Rank.REPLY,
                product_id=reply.product_id, user=reply.user, reply_to=first.event_id, asked_ts=first.ts,
            )
            for text in reply.texts
        ]
        return Block(cues, Rank.REPLY, event_ids=tuple(e.event_id for e in pick.events), interrupts=is_question)

    def _filled(self, text: str, reply: Reply, *, judged: bool = False) -> str | None:
        said = self._floor.fill(text, reply.lang, reply.product_id, reply.user)
        if said is None or (judged and not self._floor.may(said, reply.lang, reply.product_id, reply.user)):
            return None
        return said

    def _whole(self, reply: Reply) -> str:
        return (" " if reply.lang == "en" else "").join(self._filled(t, reply) or "" for t in reply.texts)

    def _spoken(self, reply: Reply) -> str:
        return without(self._whole(reply), _split(reply.user))

    # --- the desk ---

    def _show(self, pick: Pick, reply: Reply, speaker: Speaker) -> None:
        if pick.kind != "question":
            return
        found, first = reply.found, pick.events[0]
        for event in pick.events:
            self._floor.tell({
                "type": "question", "event_id": event.event_id, "user": event.user, "text": event.text,
                "lang": reply.lang, "intent": found.intent if found is not None else "",
            })
        if found is None:
            return
        facts = self._answers.facts(found, first.text, reply.lang, FACTS)
        self._floor.tell({
            "type": "retrieved", "event_id": first.event_id, "product_id": self._subject(reply),
            "facts": [text for text, _ in facts], "scores": [round(score, 2) for _, score in facts],
            "faq": [found.faq.question.get(reply.lang) or next(iter(found.faq.question.values()), "")]
            if found.faq is not None else [],
        })


def _split(user: str) -> list[str]:
    """The names in a form of address."""
    return [n for n in user.replace("さん、", "、").replace(", ", "、").split("、") if n]
