// The little Markdown that labels of an XLSForm may hold, as DOM nodes: text never becomes markup.

const INLINE_MARK = new RegExp([
  String.raw`\\([\\*_#[\]()<>])`, // 1: an escaped sign
  String.raw`\[([^[\]]+)\]\(([^()\s]+)\)`, // 2, 3: a link
  String.raw`(\*\*|__)(?=\S)(.*?\S)\4`, // 4, 5: bold
  String.raw`(?<![\w*])([*_])(?=[^\s*_])([^*_\n]*?[^\s*_])\6(?![\w*])`, // 6, 7: italic
  String.raw`<span style="color:\s*(#[0-9a-fA-F]{3,6}|[a-zA-Z]+);?\s*">(.*?)</span>`, // 8, 9: coloured
].join("|"), "s");
const SAFE_LINK = /^(https?:\/\/|mailto:|tel:)/i;

/** Draw `text` into `node`. */
function writeWords(node, text) {
  const lines = String(text ?? "").replace(/<br\s*\/?>|<\/?p>/gi, "\n").replace(/\n{2,}/g, "\n").trim().split("\n");
  node.replaceChildren(...lines.flatMap((line, n) => {
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    const body = make("span", heading ? { class: `ci-words-heading level-${heading[1].length}` } : {});
    inlineWords(body, heading ? heading[2] : line);
    const after = n > 0 && !heading && !/^#{1,6}\s/.test(lines[n - 1]);
    return after ? [make("br"), body] : [body];
  }));
}

function inlineWords(node, text) {
  const found = INLINE_MARK.exec(text);
  if (!found) { node.append(text); return; }
  const [whole, escaped, link, address, , bold, , italic, colour, coloured] = found;
  node.append(text.slice(0, found.index));
  if (escaped) node.append(escaped);
  else if (link) node.append(linkOf(link, address));
  else {
    const inner = make(bold ? "strong" : italic ? "em" : "span");
    if (colour) inner.style.color = colour;
    inlineWords(inner, bold ?? italic ?? coloured);
    node.append(inner);
  }
  inlineWords(node, text.slice(found.index + whole.length));
}

/** A link that opens beside the form; one that leads to anything but the web, mail or a telephone is only its words. */
function linkOf(words, address) {
  const inner = make("span");
  inlineWords(inner, words);
  return SAFE_LINK.test(address) ? make("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, inner) : inner;
}

/** The words without their marks, for places that take plain text. */
function plainWords(text) {
  const node = document.createElement("span");
  writeWords(node, text);
  for (const line of node.querySelectorAll("br")) line.replaceWith(" ");
  return node.textContent;
}
