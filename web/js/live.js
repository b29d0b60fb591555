/** Websockets that come back: status and chat of one room. */
import { socketUrl } from "./api.js";

const FIRST_MS = 500;
const LONGEST_MS = 8000;

/** Whether a close code says that trying again is no use: not signed in, or no such room. */
export const hopeless = (code) => code === 4401 || code === 4404;

/** The pause before attempt `n` (from 0), doubling up to eight seconds, with a quarter of spread. */
export const pauseMs = (n, random = Math.random()) => Math.min(LONGEST_MS, FIRST_MS * 2 ** n) * (0.75 + random / 2);

/** One websocket with JSON texts, opened again for ever until `close`. */
export class LiveSocket {
  constructor(path, { message, state = () => {}, denied = () => {} }) {
    Object.assign(this, { path, message, state, denied, attempt: 0, closed: false, timer: 0 });
    this.open();
  }

  open() {
    const socket = new WebSocket(socketUrl(this.path));
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.attempt = 0;
      this.state("open");
    });
    socket.addEventListener("message", (event) => this.message(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => {
      if (this.closed) return;
      this.state("lost");
      if (hopeless(event.code)) this.denied(event.code);
      else this.timer = setTimeout(() => this.open(), pauseMs(this.attempt++));
    });
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket.close();
  }
}

/** The latest status document of a room, for whoever wants to know. */
class Status {
  constructor() {
    this.document = null;
    this.connected = false;
    this.listeners = new Set();
    this.socket = null;
  }

  watch(room, denied) {
    this.stop();
    this.socket = new LiveSocket(`/rooms/${encodeURIComponent(room)}/status`, {
      message: (document) => {
        this.document = document;
        this.connected = true;
        this.tell();
      },
      state: (state) => {
        this.connected = state === "open";
        this.tell();
      },
      denied,
    });
  }

  stop() {
    this.socket?.close();
    this.socket = null;
    this.document = null;
    this.connected = false;
  }

  /** Call `listener(document, connected)` now, if there is one, and on every change; returns how to stop that. */
  subscribe(listener) {
    this.listeners.add(listener);
    if (this.document) listener(this.document, this.connected);
    return () => this.listeners.delete(listener);
  }

  tell() {
    if (this.document) for (const listener of this.listeners) listener(this.document, this.connected);
  }
}

export const status = new Status();
