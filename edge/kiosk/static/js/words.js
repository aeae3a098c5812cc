// What the screen says in the language that was chosen, and how that language writes money, days and ages.

export class Words {
  constructor(languages, code) {
    this.languages = languages;
    this.home = code;
    this.use(code);
  }

  use(code) {
    this.code = code;
    this.language = this.languages[code];
    document.documentElement.lang = code;
  }

  get keys() {
    return this.language.keys;
  }

  say(key, values = {}) {
    return (this.language.words[key] ?? "").replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  money(amount, currency) {
    return new Intl.NumberFormat(this.language.locale, { style: "currency", currency }).format(Number(amount));
  }

  // "10.36/kg", as the catalogue has it.
  unitPrice(text, currency) {
    const [amount, unit] = text.split("/");
    return unit ? `${this.money(amount, currency)}/${unit.trim()}` : "";
  }

  number(value) {
    return new Intl.NumberFormat(this.language.locale, { maximumFractionDigits: 0 }).format(value);
  }

  day(iso, options = { day: "numeric", month: "long" }) {
    return new Intl.DateTimeFormat(this.language.locale, { ...options, timeZone: "UTC" }).format(new Date(`${iso}T00:00:00Z`));
  }

  place(place) {
    return this.say("place", place);
  }

  age(seconds) {
    if (seconds < 10) return this.say("just_now");
    if (seconds < 90) return this.say("seconds_ago", { n: Math.floor(seconds) });
    if (seconds < 5400) return this.say("minutes_ago", { n: Math.floor(seconds / 60) });
    return this.say("hours_ago", { n: Math.floor(seconds / 3600) });
  }

  way(way) {
    const side = this.say(`side_${way.side}`);
    if (!way.legs.length) return this.say("way_short", { side });
    const legs = way.legs.map((leg) => this.say(`leg_${leg.turn}`, { n: this.number(Math.max(1, leg.metres)) }));
    return this.say("way_words", { legs: legs.join(", "), side });
  }

  // Fills every element of the page that says which text it shows.
  fill(root = document) {
    for (const node of root.querySelectorAll("[data-say]")) node.textContent = this.say(node.dataset.say);
    for (const node of root.querySelectorAll("[data-label]")) node.setAttribute("aria-label", this.say(node.dataset.label));
  }
}
