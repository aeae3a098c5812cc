// Which picture and tint a department gets. Unknown departments get the basket.

const PICTURES = [
  [/tobacco|press|news|tabak|zeitung|tabac|journa|tabaco|prensa/i, "press"],
  [/\bpets?\b|\b(haus)?tier(e|bedarf|nahrung)?\b|anima(ux|l)|mascota/i, "pets"],
  [/fruit|veg|produce|obst|gemüse|légume|fruta|verdura/i, "produce"],
  [/breakfast|coffee|cereal|frühstück|backzutat|petit-déj|café|desayuno|repostería/i, "breakfast"],
  [/bak(ery|er)|bread|back|brot|boulang|pain|panadería|\bpan\b/i, "bread"],
  [/dairy|egg|milk|cheese|milch|molkerei|eier|käse|crémerie|lait|œuf|lácteo|huevo|queso/i, "dairy"],
  [/meat|fish|deli|fleisch|fisch|wurst|viande|poisson|carne|pescado|charcut/i, "meat"],
  [/frozen|\bice\b|tiefkühl|surgelé|congelad/i, "frozen"],
  [/sweet|snack|confection|süß|sucr|confiserie|dulce|aperitivo/i, "sweets"],
  [/drink|beverage|wine|beer|getränk|boisson|bebida/i, "drinks"],
  [/personal|care|health|baby|beauty|pflege|hygiène|soin|bébé|cuidado|bebé/i, "care"],
  [/house|clean|laundry|haushalt|ménage|maison|hogar|limpieza/i, "household"],
  [/pantry|pasta|tins|world|vorr[aä]t|nudel|konserv|épicerie|despensa/i, "pantry"],
];

export function picture(department) {
  return PICTURES.find(([pattern]) => pattern.test(department))?.[1] ?? "basket";
}
