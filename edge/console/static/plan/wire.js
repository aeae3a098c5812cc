// Asks the console's own server and gives back {ok, status, body}; a server that is away reads as a sentence too.
export async function ask(path, { method = "GET", body } = {}) {
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  try {
    const answer = await fetch(path, { method, headers, cache: "no-store", body: body && JSON.stringify(body) });
    if (answer.status === 401) {
      return { ok: false, status: 401, body: { message: "You are logged out. Log in again in another tab, then save.", faults: [] } };
    }
    return { ok: answer.ok, status: answer.status, body: await answer.json() };
  } catch {
    return { ok: false, status: 0, body: { message: "The node does not answer. Your drawing is kept here; try again.", faults: [] } };
  }
}
