// Two thumbs under an answer; one touch counts, then there is only a thank-you.

import { el, icon } from "./dom.js";

export function thumbs(words, rate) {
  const box = el("div", { class: "thumbs", role: "group", "aria-label": words.say("helped") });
  const done = async (helped) => {
    box.replaceChildren(el("span", { role: "status" }, words.say("thanks")));
    await rate(helped).catch(() => {}); // a thumb that is lost is no trouble for the shopper
  };
  const button = (key, picture, helped) =>
    el("button", { type: "button", class: `thumb ${picture}`, "aria-label": `${words.say("helped")} ${words.say(key)}`, onclick: () => done(helped) }, icon(picture));
  box.append(el("span", {}, words.say("helped")), button("yes", "thumb-up", true), button("no", "thumb-down", false));
  return box;
}
