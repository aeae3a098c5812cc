// The only place that talks to the server. A call gives data or throws: LostError where nobody answers, else RefusedError.

const PATIENCE_MS = 8000;

export class LostError extends Error {}

export class RefusedError extends Error {
  constructor(status) {
    super(`refused: ${status}`);
    this.status = status;
  }
}

async function request(path, { body, signal, accept } = {}) {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const options = { signal: signal ? AbortSignal.any([patience, signal]) : patience, headers: {}, cache: "no-store" };
  if (accept) options.headers.accept = accept;
  if (body !== undefined) {
    options.method = "POST";
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new LostError();
  }
  if (!response.ok) throw new RefusedError(response.status);
  return response;
}

async function call(path, options) {
  const response = await request(path, options);
  if (response.status === 204) return null;
  return response.json().catch(() => {
    throw new LostError();
  });
}

const kiosk = document.body.dataset.kiosk;
const here = `kiosk=${encodeURIComponent(kiosk)}`;

export const health = () => call("/healthz");
export const shop = (language) => call(`/api/kiosk/shop?language=${language}`);
export const languages = () => call("/api/kiosk/languages");
export const plan = () => call(`/api/kiosk/plan?${here}`);
export const tickets = () => call(`/api/kiosk/tickets?${here}`);
export const department = (name, language, signal) => call(`/api/kiosk/departments/${encodeURIComponent(name)}?language=${language}`, { signal });
export const callColleague = (asked, signal) => call("/api/kiosk/colleague", { body: { ...asked, kiosk }, signal });
export const reset = (session) => call("/api/kiosk/reset", { body: { session } });
export const rate = (turn, helped) => call("/api/kiosk/rating", { body: { turn, helped } });

// Asks and hands over each piece as it comes: card(data), sentence(text); gives the whole answer in the end.
export async function ask(asked, { card, sentence, signal }) {
  const response = await request("/api/kiosk/ask", { body: { ...asked, kiosk }, signal, accept: "text/event-stream" });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const pieces = (rest + value).split("\n\n");
      rest = pieces.pop();
      for (const piece of pieces) {
        const [name, data] = piece.split("\n", 2);
        const told = JSON.parse(data.slice("data: ".length));
        if (name === "event: card") card(told);
        else if (name === "event: sentence") sentence(told.text);
        else return told;
      }
    }
  } catch (error) {
    throw error instanceof TypeError || error instanceof DOMException ? new LostError() : error;
  }
  throw new LostError();
}

export function newSession() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
