// Small DOM helpers. Text only ever enters the page as text nodes.

const SVG = "http://www.w3.org/2000/svg";

export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

export function icon(name, className = "icon") {
  return svg("svg", { class: className, "aria-hidden": "true" }, svg("use", { href: `/static/icons.svg#${name}` }));
}

// A class for text whose longest word would not fit its place: German names a whole department in one.
export function longClass(className, text) {
  return Math.max(...text.split(/[\s-]+/).map((word) => word.length)) > 13 ? `${className} long` : className;
}

export function replace(parent, ...children) {
  parent.replaceChildren(...children.filter((child) => child !== null));
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}
