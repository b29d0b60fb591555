/** Recorder: what is spoken into the browser's microphone, as one file, with its level while it is spoken. */

export const LONGEST_S = 60;
const BITS_PER_S = 64_000;
const KINDS = [["audio/webm;codecs=opus", "webm"], ["audio/ogg;codecs=opus", "ogg"], ["audio/mp4", "m4a"], ["audio/webm", "webm"]];
const FLOOR_DB = -54;

/** Why this browser can't record at all: "insecure", "unsupported" or "" when it can. */
export function obstacle() {
  if (!window.isSecureContext) return "insecure";
  if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) return "unsupported";
  return KINDS.some(([mime]) => MediaRecorder.isTypeSupported(mime)) ? "" : "unsupported";
}

/** The word for what kept the microphone from us: "denied", "none", "busy" or "unsupported". */
export function refusal(error) {
  return { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "none", OverconstrainedError: "none", NotReadableError: "busy", AbortError: "busy" }[error?.name] ?? "unsupported";
}

/** RMS of samples in -1..1 as a share of a meter, 0 to 1. */
export function levelOf(samples) {
  let sum = 0;
  for (const s of samples) sum += s * s;
  const db = 10 * Math.log10(sum / samples.length + 1e-9);
  return Math.min(1, Math.max(0, 1 - db / FLOOR_DB));
}

/** One recording. `level(0..1, seconds)` is called for each picture, `full()` when the longest time is over. */
export class Recorder {
  constructor({ level = () => {}, full = () => {} } = {}) {
    Object.assign(this, { level, full, chunks: [], stream: null, context: null, media: null, frame: 0, began: 0 });
  }

  /** Ask for the microphone and begin; raises what the browser raises. */
  async start() {
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
    const [mime, extension] = KINDS.find(([m]) => MediaRecorder.isTypeSupported(m));
    this.extension = extension;
    this.media = new MediaRecorder(this.stream, { mimeType: mime, audioBitsPerSecond: BITS_PER_S });
    this.media.addEventListener("dataavailable", (event) => event.data.size && this.chunks.push(event.data));
    this.media.start(250);
    this.began = performance.now();
    this.context = new AudioContext();
    const meter = this.context.createAnalyser();
    meter.fftSize = 1024;
    this.context.createMediaStreamSource(this.stream).connect(meter);
    const samples = new Float32Array(meter.fftSize);
    const tick = () => {
      meter.getFloatTimeDomainData(samples);
      const seconds = this.seconds();
      this.level(levelOf(samples), seconds);
      if (seconds >= LONGEST_S) this.full();
      else this.frame = requestAnimationFrame(tick);
    };
    this.limit = setTimeout(() => this.full(), LONGEST_S * 1000);
    tick();
  }

  seconds() {
    return (performance.now() - this.began) / 1000;
  }

  /** End it; `{blob, seconds, name}`. */
  async stop() {
    const seconds = this.seconds();
    const ended = new Promise((resolve) => this.media.addEventListener("stop", resolve, { once: true }));
    if (this.media.state !== "inactive") {
      this.media.stop();
      await ended;
    }
    this.release();
    return { blob: new Blob(this.chunks, { type: this.media.mimeType.split(";")[0] }), seconds, name: `voice.${this.extension}` };
  }

  /** Give the microphone back. */
  release() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.limit);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.context?.close().catch(() => {});
    this.context = null;
  }
}
