/** The REST surface: one call, one promise; a problem document becomes a `Problem`. */

/** An answer that is an error (RFC 9457). */
export class Problem extends Error {
  constructor(document) {
    super(document.detail || document.title || "error");
    this.status = document.status ?? 0;
    this.code = document.code ?? "";
    this.title = document.title ?? "";
    this.nextStep = document.next_step ?? "";
    this.reason = document.reason ?? "";
    this.stayed = document.stayed ?? null;
    this.what = document.what ?? "";
    this.at = document.at ?? [];
    this.errors = document.errors ?? [];
  }
}

let csrf = "";
let signedOut = () => {};

export const setCsrf = (value) => { csrf = value || ""; };
export const onSignedOut = (callback) => { signedOut = callback; };

async function problemOf(response) {
  try {
    return new Problem({ status: response.status, ...(await response.json()) });
  } catch {
    return new Problem({ status: response.status, title: response.statusText });
  }
}

/** Call the API; `body` is sent as JSON unless it is a FormData. Throws `Problem`; status 0 means no answer. */
export async function call(method, path, body, { quiet = false, key = "", plain = false } = {}) {
  const headers = { Accept: plain ? "text/plain" : "application/json" };
  if (key) headers["Idempotency-Key"] = key;
  if (csrf && method !== "GET") headers["X-CSRF-Token"] = csrf;
  let payload;
  if (body instanceof FormData) payload = body;
  else if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    payload = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, { method, headers, body: payload, credentials: "same-origin" });
  } catch {
    throw new Problem({ status: 0, code: "offline" });
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.status === 401 && !quiet) signedOut();
    throw problem;
  }
  if (response.status === 204) return null;
  const text = await response.text();
  if (plain) return text;
  return text ? JSON.parse(text) : null;
}

export const get = (path, options) => call("GET", path, undefined, options);
export const getText = (path) => call("GET", path, undefined, { plain: true });
export const post = (path, body = {}, options) => call("POST", path, body, options);
export const put = (path, body) => call("PUT", path, body);
export const patch = (path, body) => call("PATCH", path, body);
export const remove = (path) => call("DELETE", path);

/** Send a form and tell how far it is, 0 to 1; the answer as JSON. */
export function upload(path, form, progress = () => {}, signal = null) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    signal?.addEventListener("abort", () => request.abort());
    request.addEventListener("abort", () => reject(new Problem({ status: 0, code: "given_up" })));
    if (csrf) request.setRequestHeader("X-CSRF-Token", csrf);
    request.upload.addEventListener("progress", (e) => e.lengthComputable && progress(e.loaded / e.total, e.loaded, e.total));
    request.addEventListener("error", () => reject(new Problem({ status: 0, code: "offline" })));
    request.addEventListener("load", () => {
      let document = {};
      try {
        document = JSON.parse(request.responseText || "{}");
      } catch {
        document = { title: request.statusText };
      }
      if (request.status < 300) resolve(document);
      else reject(new Problem({ status: request.status, ...document }));
    });
    request.send(form);
  });
}

/** Ask for an activation; asking twice by mistake does no harm. */
export const activate = (body) => post("/adapters/activate", body, { key: randomKey() });

function randomKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");
}

/** The address of a websocket on this host. */
export const socketUrl = (path) => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
