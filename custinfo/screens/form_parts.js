// Parts of the form's page that hold no state of their own.

function button(text, look, onclick, more = {}) {
  return make("button", { type: "button", class: `ci-btn ${look}`, text, onclick, ...more });
}

/** Figures of some fields: all, answered, required questions still blank, wrong ones. */
function count(fields) {
  const asked = fields.filter((one) => one.kind !== "note" && one.kind !== "output" && !one.shown.readonly);
  return {
    all: asked.length,
    answered: asked.filter((one) => one.shown.value !== "").length,
    required: asked.filter((one) => one.shown.required && one.shown.value === "").length,
    wrong: fields.filter((one) => one.shown.problem && !one.shown.soft).length,
  };
}

/** A group: a card at the top level, a plain heading below it; repeats carry their buttons. */
function groupBox(item, depth, press) {
  const body = make("div", { class: "ci-form-fields" });
  const title = make(depth === 0 ? "h2" : "h3", { class: "ci-section" });
  const tools = make("div", { class: "ci-actions" });
  const head = make("div", { class: item.instance ? "ci-repeat-head" : "ci-card-head" }, title, tools);
  const id = fresh("g");
  const root = make("section", { id, class: item.instance ? "ci-repeat wide" : depth === 0 ? "ci-card" : "ci-subgroup wide" }, head,
    depth === 0 ? make("div", { class: "ci-card-body" }, body) : body);
  return {
    root, body, id,
    show(now) {
      title.textContent = now.label;
      head.hidden = !now.label && !now.add && !now.remove;
      tools.replaceChildren(...["add", "remove"].filter((kind) => now[kind])
        .map((kind) => button(now[kind], "small", () => press(kind))));
    },
  };
}

/** The table of contents: sections with what is left to do in each. */
function drawContents(list, tree, boxes, tally, texts) {
  const sections = tree.filter((item) => typeof item !== "string" && item.label);
  list.closest("nav").hidden = sections.length < 2;
  const lines = sections.map((item) => {
    const { required, wrong, all, answered } = tally(item.items);
    const state = wrong ? fill(texts.section_wrong, { n: wrong }) : required ? fill(texts.section_left, { n: required })
      : all && answered === all ? "✓" : "";
    return { ref: item.ref, label: item.label, state, look: wrong ? "danger" : state === "✓" ? "ok" : "" };
  });
  const drawn = JSON.stringify(lines);
  if (list.dataset.drawn === drawn) return;
  list.dataset.drawn = drawn;
  list.replaceChildren(...lines.map((line) => make("li", {}, make("a", {
    href: `#${boxes.get(line.ref).id}`,
    onclick: (event) => {
      event.preventDefault();
      const { root } = boxes.get(line.ref);
      root.scrollIntoView({ block: "start" });
      root.querySelector("input, select, textarea")?.focus({ preventScroll: true });
    },
  }, make("span", { text: line.label }), line.state ? make("span", { class: `ci-toc-state ${line.look}`, text: line.state }) : null))));
}

/** The dialog that lists the keys. */
function helpDialog(texts) {
  const keys = [["Enter", "key_enter"], ["Tab", "key_tab"], ["1 … 9", "key_number"], ["Delete", "key_delete"], ["Alt + N", "key_next"], ["Ctrl + Enter", "key_submit"], ["?", "key_help"]];
  const id = fresh("h");
  const dialog = make("dialog", { class: "ci-card ci-help", "aria-labelledby": id },
    make("div", { class: "ci-card-head" }, make("h2", { class: "ci-section", id, text: texts.keys })),
    make("div", { class: "ci-card-body" },
      make("dl", { class: "ci-help-keys" }, ...keys.flatMap(([key, name]) => [
        make("dt", {}, make("kbd", { class: "ci-kbd", text: key })), make("dd", { text: texts[name] })])),
      make("div", { class: "ci-actions" }, button(texts.close, "primary", () => dialog.close(), { autofocus: true }))));
  return dialog;
}

/** A page without questions: a receipt, or the reason why there is nothing to fill in. {title, lines, links, tone} */
function plainPage({ title, lines = [], links = [], tone = "info" }) {
  return make("section", { class: "ci-card ci-receipt" }, make("div", { class: "ci-card-body ci-stack" },
    make("div", { class: `ci-banner ${tone}`, role: "status" }, make("h1", { class: "ci-title", tabindex: "-1", text: title }),
      ...lines.map((line) => make("p", { text: line }))),
    make("div", { class: "ci-actions" }, ...links.map((link, n) => make("a", { class: `ci-btn ${n === 0 ? "primary" : ""}`, href: local(link.href), text: link.text })))));
}
