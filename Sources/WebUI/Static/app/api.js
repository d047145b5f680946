// Every call to the server. Answers are JSON; errors are RFC 9457 problems and become `Problem`.

/** What a call failed with. `kind` is the last part of the problem's type, or `offline` when nothing answered. */
export class Problem extends Error {
  constructor({ type, title, status, detail, errors, retryAfter }) {
    super(detail || title || "The request failed.");
    this.name = "Problem";
    this.kind = (type ?? "").split("/").pop() || "internal";
    this.title = title ?? "Error";
    this.status = status ?? 0;
    this.errors = Array.isArray(errors) ? errors : [];
    this.retryAfterSeconds = retryAfter;
  }

  /** The message for a field, where the server named one. */
  field(name) {
    return this.errors.find((each) => each.field === name || each.field?.endsWith(`.${name}`))?.message;
  }
}

const listeners = { unauthorized: () => {}, reached: () => {}, lost: () => {} };

/** Registers what happens when a session has ended, the server answered, or it could not be reached. */
export function onApi(name, handler) {
  listeners[name] = handler;
}

/** Reads a problem from an answer that is not 2xx; never throws. */
async function problemFrom(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // Not JSON: a proxy's page, say.
  }
  return new Problem({
    ...body, type: body.type ?? (response.status === 401 ? "/problems/unauthorized" : "/problems/internal"),
    status: response.status, title: body.title ?? `Error ${response.status}`,
    detail: body.detail ?? `The server answered ${response.status} ${response.statusText}.`,
    retryAfter: Number(response.headers.get("Retry-After")) || undefined,
  });
}

let renewing = null;

/**
 * Renews the session with its refresh cookie, once for all calls and all tabs that need it: a refresh token is good for one
 * use. Resolves to whether there is a session.
 */
export function renew() {
  renewing ??= (async () => {
    const seen = Number(localStorage.getItem("renewed") ?? 0);
    const ask = async () => {
      // Another tab was first; its cookies are ours too.
      if (Number(localStorage.getItem("renewed") ?? 0) > seen) return true;
      const response = await fetch("/v1/auth/refresh", { method: "POST", credentials: "same-origin", cache: "no-store" });
      if (response.ok) localStorage.setItem("renewed", String(Date.now()));
      return response.ok;
    };
    try {
      return await (navigator.locks ? navigator.locks.request("vedette-renew", ask) : ask());
    } catch {
      return false;
    } finally {
      renewing = null;
    }
  })();
  return renewing;
}

/** One request; resolves to the `Response` of a 2xx answer. A session that ran out is renewed and the request repeated. */
export async function send(path, options = {}) {
  try {
    return await sendOnce(path, options);
  } catch (problem) {
    if (problem.status !== 401 || path.startsWith("/v1/auth/")) throw problem;
    if (!await renew()) {
      listeners.unauthorized();
      throw problem;
    }
    return sendOnce(path, options);
  }
}

async function sendOnce(path, { method = "GET", body, headers = {}, signal, timeoutSeconds = 20, quiet = false } = {}) {
  const limit = AbortSignal.timeout && timeoutSeconds ? AbortSignal.timeout(timeoutSeconds * 1000) : undefined;
  const both = signal && limit && AbortSignal.any ? AbortSignal.any([signal, limit]) : signal ?? limit;
  let response;
  try {
    response = await fetch(path, {
      method, signal: both, credentials: "same-origin", cache: "no-store",
      headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    if (!quiet) listeners.lost();
    throw new Problem({
      type: "/problems/offline", title: "No answer",
      detail: "Vedette did not answer. Check that it is running and that this device can reach it.",
    });
  }
  listeners.reached();
  if (response.ok) return response;
  throw await problemFrom(response);
}

async function json(path, options) {
  const response = await send(path, options);
  return response.status === 204 ? null : response.json();
}

/** Query string of the entries that are set. */
export function query(parameters) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text ? `?${text}` : "";
}

const at = (id) => encodeURIComponent(id);
const merge = { "Content-Type": "application/merge-patch+json" };

export const api = {
  me: () => json("/v1/me"),
  login: (user, password) => json("/v1/auth/login", {
    method: "POST", body: { user, password, cookie: true }, timeoutSeconds: 60,
  }),
  loginWithKey: (token) => json("/v1/auth/login", { method: "POST", body: { token } }),
  signInMethods: () => json("/v1/auth/methods"),
  logout: () => json("/v1/auth/logout", { method: "POST" }),
  version: () => json("/v1/version"),
  ready: async () => {
    const response = await fetch("/readyz", { cache: "no-store" });
    return response.json();
  },
  analyzers: () => json("/v1/analyzers?limit=200"),
  sites: () => all("/v1/sites"),
  cameras: () => all("/v1/cameras"),
  camera: async (id) => {
    const response = await send(`/v1/cameras/${at(id)}`);
    return { camera: await response.json(), etag: response.headers.get("ETag") };
  },
  createCamera: (body, key) => json("/v1/cameras", { method: "POST", body, headers: { "Idempotency-Key": key } }),
  updateCamera: (id, patch, etag) => json(`/v1/cameras/${at(id)}`, {
    method: "PATCH", body: patch, headers: etag ? { ...merge, "If-Match": etag } : merge,
  }),
  removeCamera: (id) => json(`/v1/cameras/${at(id)}`, { method: "DELETE" }),
  trigger: (id, body, key) => json(`/v1/cameras/${at(id)}/trigger`, { method: "POST", body, headers: { "Idempotency-Key": key } }),
  snapshot: (id, signal) => send(`/v1/cameras/${at(id)}/snapshot.jpg`, { signal, timeoutSeconds: 10, quiet: true }),
  // It goes on until it is aborted.
  live: (id, parameters, signal) => send(`/v1/cameras/${at(id)}/live.mp4${query(parameters)}`, { signal, timeoutSeconds: 0, quiet: true }),
  activity: (id, parameters) => json(`/v1/cameras/${at(id)}/activity${query(parameters)}`),
  heatmap: (id, parameters) => json(`/v1/cameras/${at(id)}/activity/heatmap${query(parameters)}`),
  recordings: (id, parameters) => json(`/v1/cameras/${at(id)}/recordings${query(parameters)}`),
  recordingAddress: (id, parameters) => `/v1/cameras/${at(id)}/recording.mp4${query(parameters)}`,
  /** What the server says against a recording; null where it gives it. */
  whyNoRecording: async (address) => {
    try {
      await send(address, { headers: { Range: "bytes=0-0" }, quiet: true });
      return null;
    } catch (problem) {
      return problem.message;
    }
  },
  exports: () => json("/v1/exports"),
  createExport: (body, key) => json("/v1/exports", { method: "POST", body, headers: { "Idempotency-Key": key } }),
  removeExport: (id) => json(`/v1/exports/${at(id)}`, { method: "DELETE" }),
  events: (filters, signal) => json(`/v1/events${query(filters)}`, { signal }),
  event: (id) => json(`/v1/events/${at(id)}`),
  updateEvent: (id, patch) => json(`/v1/events/${at(id)}`, { method: "PATCH", body: patch, headers: merge }),
  removeEvent: (id) => json(`/v1/events/${at(id)}`, { method: "DELETE" }),
  giveFeedback: (id, body) => json(`/v1/events/${at(id)}/feedback`, { method: "POST", body }),
  withdrawFeedback: (id) => json(`/v1/events/${at(id)}/feedback`, { method: "DELETE" }),
  verdicts: (id) => json(`/v1/events/${at(id)}/verdicts`),
};

/** All pages of a short list. */
async function all(path) {
  const items = [];
  let cursor;
  do {
    const page = await json(`${path}${query({ limit: 200, cursor })}`);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor && items.length < 5000);
  return items;
}
