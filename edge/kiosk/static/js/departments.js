// Which picture and tint a department gets. Unknown departments get the basket.

const PICTURES = [
  [/fruit|veg|produce/i, "produce"],
  [/bak(ery|er)|bread/i, "bread"],
  [/breakfast|coffee|cereal/i, "breakfast"],
  [/dairy|egg|milk|cheese/i, "dairy"],
  [/meat|fish|deli/i, "meat"],
  [/frozen|ice/i, "frozen"],
  [/pantry|pasta|tins|world/i, "pantry"],
  [/sweet|snack|confection/i, "sweets"],
  [/drink|beverage|wine|beer/i, "drinks"],
  [/house|clean|laundry/i, "household"],
  [/care|health|baby|beauty/i, "care"],
  [/pet/i, "pets"],
  [/tobacco|press|news/i, "press"],
];

export function picture(department) {
  return PICTURES.find(([pattern]) => pattern.test(department))?.[1] ?? "basket";
}
