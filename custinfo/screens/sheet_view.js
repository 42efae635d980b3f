// A page of simple blocks that Python describes; events go back to Python, which answers with the blocks that changed.

const SEARCH_PAUSE = 300; // ms without a key until a search is asked for
const SHOWN_FOR = 60000; // ms until what was masked is masked again

class Sheet {
  constructor(model, el) {
    this.model = model;
    this.texts = {};
    this.drawn = new Map(); // id of a block -> its element
    this.secrets = new Map(); // ref of a masked text -> what shows it
    this.entries = new Map(); // event of an entry -> its inputs, as drawn last
    this.former = new Map(); // those that stood there before the drawing that is under way
    this.refocus = null; // what has the focus after it
    this.root = make("div", { class: "ci-page ci-sheet" }, skeleton());
    el.append(this.root);
    this.files = new Files((content, buffers) => this.line.send(content, buffers));
    this.hear = (message, buffers) => this.receive(message, buffers ?? []);
    model.on("msg:custom", this.hear);
    this.line = new Line(model, (alive) => this.linked(alive));
    this.hello = setInterval(() => (this.ready ? clearInterval(this.hello) : this.line.send({ kind: "hello" })), 1000);
    this.line.send({ kind: "hello" });
  }

  close() {
    this.line.close();
    this.files.close();
    clearInterval(this.hello);
    this.model.off("msg:custom", this.hear);
  }

  receive(message, buffers) {
    const working = message?.kind === "working";
    this.line.heard(working);
    mark(this.root, "aria-busy", working ? "true" : null);
    if (!message || working || message.kind === "pong") return;
    if (message.kind === "sheet") { if (!(message.hello && this.ready)) this.draw(message); }
    else if (message.kind === "file") this.files.heard(message, buffers);
    else if (message.kind === "revealed") this.secrets.get(message.ref)?.(message.text);
    else if (message.kind === "download") saveFile(message, buffers[0]);
    else if (message.kind === "go") go(message.href);
    else if (message.kind === "blocks") {
      this.notice?.replaceChildren();
      for (const block of message.blocks) this.replace(block);
    }
    else if (message.kind === "failed" || message.kind === "login") {
      for (const entry of this.entries.values()) entry.sent = false; // it goes on standing there, to be mended
      this.announce(message);
    }
    if (message.kind === "login") window.custinfo?.lost?.("session");
  }

  draw({ blocks, texts }) {
    const again = this.ready;
    this.ready = true;
    this.texts = texts;
    this.drawn.clear();
    this.begin();
    this.entries.clear();
    this.notice = make("div");
    this.root.replaceChildren(this.notice, ...blocks.map((block) => this.block(block)));
    if (again && !this.end()) { // what had the focus is gone: a reader goes on from the title
      const title = this.root.querySelector("h1");
      if (title) { title.tabIndex = -1; title.focus({ preventScroll: true }); }
    }
  }

  begin() {
    this.former = new Map(this.entries);
    this.refocus = null;
  }

  /** Give the focus back to where a person types; whether they did. */
  end() {
    this.refocus?.focus();
    return this.refocus !== null;
  }

  /** Draw a block anew in its place. The box that a person types in is not touched. */
  replace(block) {
    const old = this.drawn.get(block.id);
    const focused = old?.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.begin();
    const now = this.block(block);
    old?.replaceWith(now);
    if (this.end()) return;
    if (focused) now.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    if (focused && !now.contains(document.activeElement)) { now.tabIndex = -1; now.focus(); }
  }

  block(block) {
    const node = (BLOCKS[block.type] ?? drawText).call(null, block, this);
    if (block.id) this.drawn.set(block.id, node);
    return node;
  }

  event(name, value) { this.line.send({ kind: "event", name, value }); }

  announce({ text, href, link }) {
    if (!this.notice) { // nothing was drawn, and asking again would fail again
      clearInterval(this.hello);
      this.notice = make("div");
      this.root.replaceChildren(this.notice);
    }
    this.notice.replaceChildren(make("div", { class: "ci-banner danger", role: "alert" },
      ...text.split("\n").map((line) => make("p", { text: line })), href ? make("a", { href: local(href), text: link }) : null));
    this.notice.scrollIntoView({ block: "nearest" });
  }

  linked(alive) {
    if (!this.notice) return;
    if (alive) this.notice.replaceChildren();
    else this.announce({ text: this.texts.lost, href: window.location.pathname + window.location.search, link: this.texts.reload });
  }

  /** A button for an event, asked back when it cannot be undone; or a link. */
  action(action) {
    const look = `ci-btn ${action.look ?? ""}`;
    if (action.href) return make("a", { class: look, href: local(action.href), text: action.text, "aria-label": action.name });
    if (action.print) return make("button", { type: "button", class: look, text: action.text, onclick: () => window.print() });
    const press = () => {
      if (!action.confirm) this.event(action.event, action.value);
      else ask(action.confirm, this.texts, action.text, () => this.event(action.event, action.value), button);
    };
    const button = make("button", { type: "button", class: look, text: action.text, "aria-label": action.name, "data-key": `${action.event} ${action.value}`, onclick: press });
    return button;
  }

  actions(actions = []) {
    return actions.length ? make("div", { class: "ci-actions" }, ...actions.map((action) => this.action(action))) : null;
  }
}

function ask(question, texts, words, yes, from) {
  const close = () => { dialog.close(); dialog.remove(); from.focus(); };
  const id = fresh("ask");
  const dialog = make("dialog", { class: "ci-card ci-ask", role: "alertdialog", "aria-describedby": id, "aria-label": words, oncancel: () => setTimeout(close) },
    make("div", { class: "ci-card-body ci-stack" }, make("p", { id, text: question }), make("div", { class: "ci-actions" },
      make("button", { type: "button", class: "ci-btn", text: texts.cancel, onclick: close, autofocus: true }),
      make("button", { type: "button", class: "ci-btn danger", text: words, onclick: () => { close(); yes(); } }))));
  document.body.append(dialog);
  dialog.showModal();
}

function badges(list = []) {
  return list.map((badge) => make("span", { class: `ci-badge ${badge.look ?? ""}`, text: badge.text }));
}

function linked(text, href, look = null) {
  return href ? make("a", { href: local(href), text, class: look }) : make("span", { text, class: look });
}

function drawHead(block, sheet) {
  return make("header", { class: "ci-page-head" },
    make("div", {}, make("div", { class: "ci-row" }, make("h1", { class: "ci-title", text: block.title }), ...badges(block.badges)),
      block.subtitle ? make("p", { class: "ci-subtitle", text: block.subtitle }) : null), sheet.actions(block.actions));
}

function drawText(block) {
  return make("p", { class: block.look ?? null, text: block.text });
}

function drawBanner(block, sheet) {
  return make("div", { class: `ci-banner ${block.look ?? "info"}`, role: "status" }, make("p", { text: block.text }), sheet.actions(block.actions));
}

/** A bar with its words. Its width is set on the element itself: a style attribute would be refused. */
function drawMeter(block) {
  const share = block.most > 0 ? Math.min(1, block.value / block.most) : block.value > 0 ? 1 : 0;
  const bar = make("div", { class: "ci-meter-bar" });
  bar.style.width = `${100 * share}%`;
  return make("div", { class: `ci-meter ${block.look ?? ""}` },
    make("div", { class: "ci-meter-words" }, make("span", { text: block.label }), make("span", { text: block.text })),
    make("div", { class: "ci-meter-track", role: "meter", "aria-label": block.label, "aria-valuemin": "0", "aria-valuemax": String(block.most),
      "aria-valuenow": String(Math.min(block.value, block.most)), "aria-valuetext": block.text }, bar));
}

function drawEmpty(block, sheet) {
  return make("div", { class: "ci-empty" }, make("p", { text: block.text }), sheet.actions(block.actions));
}

/** A section of a form on paper: boxes to tick, lines to write on, or what was answered. */
function drawPaper(block) {
  const answer = (one) => (one.choices.length
    ? make("ul", { class: "ci-paper-choices" }, ...one.choices.map((choice) => make("li", {},
      make("span", { class: `ci-paper-box ${one.many ? "" : "round"} ${choice.chosen ? "chosen" : ""}`, role: "img", "aria-label": choice.chosen ? "☑" : "☐" }),
      make("span", { text: choice.label }))))
    : one.text ? make("p", { class: "ci-paper-text", text: one.text })
      : make("div", { "aria-hidden": "true" }, ...Array.from({ length: one.lines }, () => make("div", { class: "ci-paper-line" }))));
  return make("section", { class: "ci-paper" }, block.label ? make("h2", { class: "ci-section", text: block.label }) : null,
    block.condition ? make("p", { class: "ci-paper-if", text: block.condition }) : null,
    ...block.questions.map((one) => make("div", { class: "ci-paper-question" },
      make("div", {}, make("p", {}, one.required ? make("span", { class: "ci-required", text: "※ " }) : null, make("span", { text: one.label })),
        one.condition ? make("p", { class: "ci-paper-if", text: one.condition }) : null, one.hint ? make("p", { class: "ci-hint", text: one.hint }) : null),
      make("div", {}, answer(one), one.note ? make("p", { class: "ci-hint", text: one.note }) : null))));
}

function drawStack(block, sheet) {
  return make("div", { class: "ci-stack", "aria-live": "polite" }, ...block.blocks.map((one) => sheet.block(one)));
}

function drawColumns(block, sheet) {
  return make("div", { class: "ci-columns" }, ...block.columns.map((blocks) => make("div", { class: "ci-stack" }, ...blocks.map((one) => sheet.block(one)))));
}

function drawCard(block, sheet) {
  const id = fresh("card");
  return make("section", { class: `ci-card ${block.flush ? "flush" : ""}`, "aria-labelledby": block.title ? id : null },
    block.title ? make("div", { class: "ci-card-head" },
      make("h2", { class: "ci-section", id }, make("span", { text: block.title }), ...badges(block.badges)), sheet.actions(block.actions)) : null,
    make("div", { class: "ci-card-body" }, ...block.blocks.map((one) => sheet.block(one))));
}

function drawList(block, sheet) {
  return make("ul", { class: block.compact ? "ci-list compact" : "ci-list" }, ...block.items.map((item) => make("li", { class: "ci-list-item" },
    make("div", { class: "ci-list-main" }, item.secret ? drawSecret(item.text, item.secret, sheet) : linked(item.text, item.href),
      item.meta ? make("div", { class: "ci-list-meta", text: item.meta }) : null), ...badges(item.badges), sheet.actions(item.actions))));
}

/** A masked text with a button: its answer is asked for at each press, and stands there for a minute at most. */
function drawSecret(masked, secret, sheet) {
  const text = make("span", { text: masked, "aria-live": "polite" });
  const button = make("button", { type: "button", class: "ci-btn quiet small", "data-key": `reveal ${secret.ref}` });
  let timer = 0;
  const look = (words, shown) => {
    clearTimeout(timer);
    text.textContent = words;
    button.textContent = shown ? secret.hide : secret.show;
    button.setAttribute("aria-label", `${button.textContent} ${secret.name}`);
    button.setAttribute("aria-pressed", String(shown));
  };
  const hide = () => look(masked, false);
  button.addEventListener("click", () => (button.getAttribute("aria-pressed") === "true" ? hide() : sheet.event("reveal", secret.ref)));
  sheet.secrets.set(secret.ref, (words) => { look(words, true); timer = setTimeout(hide, SHOWN_FOR); });
  hide();
  return make("span", { class: "ci-row" }, text, button);
}

function drawFacts(block, sheet) {
  return make("div", { class: "ci-stack" }, block.title ? make("h3", { class: "ci-subtitle", text: block.title }) : null,
    make("dl", { class: "ci-facts" }, ...block.items.flatMap((item) => [make("dt", { text: item.label }),
      item.secret ? make("dd", {}, drawSecret(item.value, item.secret, sheet)) : make("dd", { text: item.value })])));
}

function drawTable(block, sheet) {
  const { columns, rows, page } = block;
  const heads = columns.map((column) => make("th", { scope: "col", class: column.number ? "ci-num" : null, text: column.label }));
  const look = (column) => (column.number ? "ci-num" : column.wide ? null : "ci-nowrap");
  const line = (cells) => make("tr", {}, ...cells.map((cell, n) => make("td", { "data-label": columns[n].label, class: look(columns[n]) },
    linked(cell.text, cell.href), ...badges(cell.badges))));
  const table = make("div", { class: "ci-table-wrap", role: "group", tabindex: "0", "aria-label": block.caption }, make("table", { class: "ci-table stack" },
    make("caption", { class: "ci-hidden-visually", text: block.caption }), make("thead", {}, make("tr", {}, ...heads)),
    make("tbody", {}, ...rows.map(line))));
  return make("div", { class: "ci-stack" }, table, page ? pager(page, sheet) : null);
}

function pager({ offset, limit, total }, sheet) {
  const turn = (text, to, off, key) => make("button", { type: "button", class: "ci-btn small", text, disabled: off, "data-key": key, onclick: () => sheet.event("page", to) });
  return make("nav", { class: "ci-pager", "aria-label": sheet.texts.pages },
    make("span", { class: "ci-muted", role: "status", text: fill(sheet.texts.range, { from: total ? offset + 1 : 0, to: Math.min(offset + limit, total), total }) }),
    make("span", { class: "ci-actions" }, turn(sheet.texts.previous, Math.max(0, offset - limit), offset === 0, "previous"),
      turn(sheet.texts.next, offset + limit, offset + limit >= total, "next")));
}

/** A drawing that stands in the message itself; of an address of any other kind nothing is asked for. */
function drawPicture(block) {
  const source = block.source.startsWith("data:image/svg+xml;base64,") ? block.source : null;
  return make("figure", { class: "ci-picture" }, make("figcaption", { text: block.title }), make("img", { src: source, alt: block.words }));
}

function drawSearch(block, sheet) {
  const id = fresh("search");
  const input = make("input", { id, type: "search", class: "ci-input", value: block.value, placeholder: block.placeholder, autocomplete: "off" });
  let timer = 0;
  const go = () => { clearTimeout(timer); sheet.event("search", input.value); };
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(go, SEARCH_PAUSE); });
  return make("form", { class: "ci-search", role: "search", onsubmit: (event) => { event.preventDefault(); go(); } },
    make("label", { for: id, class: "ci-hidden-visually", text: block.label }), input, make("button", { type: "submit", class: "ci-btn", text: sheet.texts.search }));
}

function drawTimeline(block, sheet) {
  return make("ol", { class: "ci-timeline" }, ...block.items.map((item) => make("li", { class: "ci-timeline-item" },
    make("div", { class: "ci-timeline-when", text: item.when }),
    make("div", { class: "ci-timeline-body" }, make("div", { class: "ci-row" }, item.href ? linked(item.title, item.href) : make("strong", { text: item.title }), ...badges(item.badges)),
      ...(item.lines ?? []).map((line) => make("p", { class: "ci-muted", text: line })),
      item.changes?.length ? drawChanges(item.changes, sheet.texts, item.title) : null))));
}

function drawChanges(changes, texts, caption) {
  return make("div", { class: "ci-table-wrap" }, make("table", { class: "ci-table ci-diff stack" },
    make("caption", { class: "ci-hidden-visually", text: caption }),
    make("thead", {}, make("tr", {}, ...[texts.field, texts.before, texts.after].map((text) => make("th", { scope: "col", text })))),
    make("tbody", {}, ...changes.map((change) => make("tr", {}, make("th", { scope: "row", text: change.label }),
      make("td", { class: "ci-before", "data-label": texts.before }, make("del", { text: change.before })),
      make("td", { class: "ci-after", "data-label": texts.after }, make("ins", { text: change.after })))))));
}

const BLOCKS = {
  head: drawHead, text: drawText, banner: drawBanner, empty: drawEmpty, columns: drawColumns, card: drawCard, list: drawList,
  paper: drawPaper, stack: drawStack, entry: drawEntry, facts: drawFacts, meter: drawMeter, month: drawMonth, picture: drawPicture, table: drawTable, search: drawSearch, timeline: drawTimeline,
};

export default {
  render({ model, el }) {
    const sheet = new Sheet(model, el);
    return () => sheet.close();
  },
};
