// The only place that talks to the server. Every call gives data or throws an Error whose message a shopper may read.

const PATIENCE_MS = 8000;
const SORRY = "This screen cannot do that right now. Please ask a colleague.";

async function call(path, body) {
  const request = { signal: AbortSignal.timeout(PATIENCE_MS), headers: {} };
  if (body !== undefined) {
    request.method = "POST";
    request.headers["content-type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, request);
  } catch {
    throw new Error(SORRY);
  }
  if (response.status === 204) return null;
  const data = await response.json().catch(() => null);
  if (!response.ok || data === null) throw new Error(data?.error?.message ?? SORRY);
  return data;
}

export const shop = () => call("/api/kiosk/shop");
export const department = (name) => call(`/api/kiosk/departments/${encodeURIComponent(name)}`);
export const ask = (question, session) => call("/api/kiosk/ask", { question, session });
export const callColleague = (session) => call("/api/kiosk/colleague", { session });
export const reset = (session) => call("/api/kiosk/reset", { session });

export function newSession() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
