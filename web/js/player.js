/** Player: fMP4 fragments from a websocket into a video element, kept close to live. */
import { socketUrl } from "./api.js";
import { hopeless, pauseMs } from "./live.js";

export const TARGET_S = 0.7;
const EASE_S = 0.25;
const JUMP_S = 2.5;
const MAX_RATE = 1.06;
const KEEP_BEHIND_S = 8;
const TRIM_AT_S = 20;
const SILENT_MS = 6000;
const MAX_QUEUED = 300;
const FAR_S = 8;

/** How fast to play when `behind` seconds lie ahead in the buffer: 1.00 at the target, 1.06 half a second above. */
export function rateFor(behind) {
  if (behind <= TARGET_S + EASE_S) return 1;
  return Math.min(MAX_RATE, 1 + ((behind - TARGET_S - EASE_S) / 0.5) * (MAX_RATE - 1));
}

/** One preview. `changed({state, latency})` is called when the state changes and four times a second. */
export class Player {
  constructor(video, path, changed = () => {}) {
    Object.assign(this, { video, path, changed, state: "connecting", attempt: 0, closed: false, queue: [], heard: 0 });
    video.muted = true;
    video.playsInline = true;
    video.autoplay = true;
    this.onVisible = () => document.visibilityState === "visible" && this.jumpToLive();
    this.onError = () => this.buffer && this.reconnect();
    document.addEventListener("visibilitychange", this.onVisible);
    video.addEventListener("error", this.onError);
    this.timer = setInterval(() => this.watch(), 250);
    this.connect();
  }

  connect() {
    this.heard = performance.now();
    const socket = new WebSocket(socketUrl(this.path));
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.addEventListener("message", (event) => {
      if (socket !== this.socket) return;
      this.heard = performance.now();
      if (typeof event.data === "string") this.begin(JSON.parse(event.data).mime);
      else this.feed(event.data);
    });
    socket.addEventListener("close", (event) => {
      if (socket !== this.socket || this.closed) return;
      if (hopeless(event.code)) this.set("denied");
      else this.later();
    });
  }

  later() {
    this.socket = null;
    this.set("reconnecting");
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.connect(), pauseMs(this.attempt++));
  }

  reconnect() {
    if (this.closed || !this.socket) return;
    const old = this.socket;
    this.later();
    old.close();
  }

  /** A new init segment follows: what was buffered belongs to an encoder that is gone. */
  begin(mime) {
    this.queue = [];
    this.buffer = null;
    this.placed = false;
    if (!window.MediaSource || !MediaSource.isTypeSupported(mime)) {
      this.set("unsupported");
      return;
    }
    const source = new MediaSource();
    this.source = source;
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = URL.createObjectURL(source);
    this.video.src = this.url;
    source.addEventListener("sourceopen", () => {
      if (source !== this.source) return;
      this.buffer = source.addSourceBuffer(mime);
      this.buffer.addEventListener("updateend", () => this.appended());
      this.pump();
    }, { once: true });
  }

  feed(chunk) {
    if (this.queue.length >= MAX_QUEUED) {
      this.reconnect();
      return;
    }
    this.queue.push(chunk);
    this.pump();
  }

  pump() {
    const buffer = this.buffer;
    if (!buffer || buffer.updating || !this.queue.length || this.source.readyState !== "open") return;
    try {
      buffer.appendBuffer(this.queue[0]);
      this.queue.shift();
    } catch (error) {
      if (error.name === "QuotaExceededError") {
        this.jumpToLive();
        this.trim(2);
      }
      else this.reconnect();
    }
  }

  appended() {
    const { video } = this;
    if (!this.placed && video.buffered.length) {
      this.placed = true;
      this.attempt = 0;
      this.jumpToLive();
    }
    // Timers hardly run in a background tab, where playing may stand still while fragments keep coming.
    if (this.latency > FAR_S) this.jumpToLive();
    if (this.placed && video.buffered.length && video.currentTime - video.buffered.start(0) > TRIM_AT_S) {
      this.trim(KEEP_BEHIND_S);
    } else this.pump();
  }

  trim(keep) {
    const { buffer, video } = this;
    if (buffer.updating || !video.buffered.length) return;
    const until = video.currentTime - keep;
    if (until > video.buffered.start(0)) buffer.remove(video.buffered.start(0), until);
  }

  /** Seconds of picture that have arrived and are not shown yet; null before the first. */
  get latency() {
    const { buffered, currentTime } = this.video;
    return this.placed && buffered.length ? Math.max(0, buffered.end(buffered.length - 1) - currentTime) : null;
  }

  jumpToLive() {
    const { video } = this;
    if (!this.placed || !video.buffered.length) return;
    const last = video.buffered.length - 1;
    video.currentTime = Math.max(video.buffered.start(last), video.buffered.end(last) - TARGET_S / 2);
    video.playbackRate = 1;
    this.play();
  }

  play() {
    this.video.play().catch(() => {
      this.video.muted = true;
      this.video.play().catch(() => this.set("blocked"));
    });
  }

  watch() {
    const { video, latency } = this;
    if (this.socket && performance.now() - this.heard > SILENT_MS && this.state !== "denied") this.reconnect();
    if (latency !== null) {
      const inside = video.currentTime >= video.buffered.start(video.buffered.length - 1) - 0.05;
      if (latency > JUMP_S || !inside) this.jumpToLive();
      else video.playbackRate = rateFor(latency);
      if (video.paused && this.state !== "blocked") this.play();
      const flowing = performance.now() - this.heard < 2500;
      if (this.socket && (video.readyState >= 2 || !flowing)) this.set(flowing ? "playing" : "stalled");
    }
    this.changed({ state: this.state, latency });
  }

  set(state) {
    if (state === this.state) return;
    this.state = state;
    this.changed({ state, latency: this.latency });
  }

  close() {
    this.closed = true;
    clearInterval(this.timer);
    clearTimeout(this.retry);
    document.removeEventListener("visibilitychange", this.onVisible);
    this.video.removeEventListener("error", this.onError);
    const socket = this.socket;
    this.socket = null;
    this.buffer = null;
    socket?.close();
    this.video.removeAttribute("src");
    this.video.load();
    if (this.url) URL.revokeObjectURL(this.url);
  }
}
