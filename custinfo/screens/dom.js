// Small helpers for drawing. Data reach the page as text nodes and attributes only, never as markup.

/** A new element. Names that start with "on" are listeners, `text` is its text; null, undefined and false are left out. */
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Set an attribute, or take it away when the value is null or false. */
function mark(node, name, value) {
  if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : value);
}

/** A message with its {placeholders} filled. */
function fill(message, facts = {}) {
  return (message ?? "").replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? String(facts[name]) : whole));
}

/** A link of this site; anything that is not a path of this site leads nowhere. */
function local(href) {
  return /^\/(?![/\\])/.test(href ?? "") ? href : "#";
}

/** A number that no other part of the page has, for ids. */
let lastNumber = 0;
function fresh(prefix) {
  lastNumber += 1;
  return `${prefix}-${lastNumber}`;
}

/** Go to another page of this site. */
function go(href) {
  window.location.assign(local(href));
}

/** Grey lines, until there is something to show. */
function skeleton() {
  return make("div", { class: "ci-skeleton ci-page-skeleton", "aria-busy": "true" }, ...Array.from({ length: 5 }, () => make("i")));
}
