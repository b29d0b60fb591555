/** Studio: the picture on air, what is being said, the chat, and the hand on the controls. */
import { h } from "../dom.js";
import { local } from "../i18n.js";
import { status } from "../live.js";
import { banners } from "./banners.js";
import { chatFeed } from "./chat_feed.js";
import { presenterCard } from "./presenter_card.js";
import { quickProducts } from "./quick_products.js";
import { speechCard } from "./speech.js";
import { signalStrip } from "./signal.js";
import { stage } from "./stage.js";
import { outputsCard } from "./outputs_card.js";
import { takeoverCard } from "./takeover.js";

export async function studio(page) {
  const parts = [banners(local), signalStrip(), stage(), outputsCard(), presenterCard(), speechCard(), takeoverCard(), quickProducts(),
    chatFeed()];
  const [notes, strip, picture, outputs, presenter, speech, takeover, quick, chat] = parts;
  page.append(notes.element, strip.element, h("div", { class: "studio" },
    h("div", { class: "studio-stage stack" }, picture.element, outputs.element),
    h("div", { class: "studio-show stack" }, speech.element, takeover.element, presenter.element, quick.element),
    h("div", { class: "studio-chat" }, chat.element)));
  const stops = parts.filter((p) => p.update).map((p) => status.subscribe(p.update));
  return () => {
    for (const stop of stops) stop();
    for (const part of parts) part.close?.();
  };
}
