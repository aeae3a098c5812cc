// The drawing of one camera as values: places, what was undone, and small geometry. Touches no page.
export const KINDS = {
  slots: { one: "Slot", many: "Shelf places", fewest: 4, most: 4 },
  zones: { one: "Zone", many: "Zones", fewest: 3, most: 64 },
  lines: { one: "Line", many: "Lines", fewest: 2, most: 2 },
  masks: { one: "Mask", many: "Masks", fewest: 3, most: 64 },
};
const MOST_STEPS = 100;
const PREFIX = { slots: "slot", zones: "zone", lines: "line" };

export const clamp = (value) => Math.min(1, Math.max(0, value));
export const tidy = ([x, y]) => [Math.round(clamp(x) * 1e4) / 1e4, Math.round(clamp(y) * 1e4) / 1e4];
export const cornersOf = (kind, place) =>
  kind === "lines" ? [place.start_norm, place.end_norm] : place.polygon_norm ?? [];
export const titleOf = (kind, place, index) => place.id || `${KINDS[kind].one} ${index + 1}`;

export function withCorners(kind, place, corners) {
  const tidied = corners.map(tidy);
  return kind === "lines"
    ? { ...place, start_norm: tidied[0], end_norm: tidied[1] }
    : { ...place, polygon_norm: tidied };
}

export function boxCorners([x0, y0], [x1, y1]) {
  const [left, right, top, bottom] = [Math.min(x0, x1), Math.max(x0, x1), Math.min(y0, y1), Math.max(y0, y1)];
  return [[left, top], [right, top], [right, bottom], [left, bottom]];
}

// Corners in the order that a slot's settings ask for, whatever way round they were set.
export function clockwiseFromTopLeft(corners) {
  const [cx, cy] = [0, 1].map((axis) => corners.reduce((sum, corner) => sum + corner[axis], 0) / corners.length);
  const turned = [...corners].sort((a, b) => Math.atan2(a[1] - cy, a[0] - cx) - Math.atan2(b[1] - cy, b[0] - cx));
  const sums = turned.map(([x, y]) => x + y);
  const first = sums.indexOf(Math.min(...sums));
  return [...turned.slice(first), ...turned.slice(0, first)];
}

export function freeName(places, wanted) {
  const taken = new Set(places.map((place) => place.id));
  const [, stem, number] = wanted.match(/^(.*?)-?(\d*)$/);
  for (let next = number ? Number(number) + 1 : 1; ; next += 1) {
    if (!taken.has(`${stem}-${next}`)) return `${stem}-${next}`;
  }
}

export function newPlace(kind, corners, places) {
  const place = withCorners(kind, kind === "masks" ? {} : { id: freeName(places[kind], PREFIX[kind]) }, corners);
  if (kind === "slots") return { ...place, sku: "", facings: 1, low_at: 0 };
  return kind === "zones" ? { ...place, kind: "dwell", min_dwell_s: 3 } : place;
}

export function moved(kind, place, dx, dy) {
  const corners = cornersOf(kind, place);
  const room = (axis, by) =>
    corners.reduce((most, corner) => Math.min(Math.max(most, -corner[axis]), 1 - corner[axis]), by);
  const [x, y] = [room(0, dx), room(1, dy)];
  return withCorners(kind, place, corners.map((corner) => [corner[0] + x, corner[1] + y]));
}

// Places with every step that led to them. A step may be open: a drag is one step however many moves it has.
export class Drawing {
  constructor(places, saved = places) {
    this.places = places;
    this.saved = JSON.stringify(saved);
    this.past = [];
    this.future = [];
  }

  get isChanged() {
    return JSON.stringify(this.places) !== this.saved;
  }

  change(places) {
    this.begin();
    this.places = places;
  }

  begin() {
    this.past = [...this.past, this.places].slice(-MOST_STEPS);
    this.future = [];
  }

  preview(places) {
    this.places = places;
  }

  undo() {
    if (!this.past.length) return false;
    this.future.push(this.places);
    this.places = this.past.pop();
    return true;
  }

  redo() {
    if (!this.future.length) return false;
    this.past.push(this.places);
    this.places = this.future.pop();
    return true;
  }

  with(kind, index, place) {
    const list = [...this.places[kind]];
    if (place === null) list.splice(index, 1);
    else list[index] = place;
    return { ...this.places, [kind]: list };
  }
}
