// Parts of the form's page that hold no state of their own.

function button(text, look, onclick, more = {}) {
  return make("button", { type: "button", class: `ci-btn ${look}`, text, onclick, ...more });
}

/** A group: a card at the top level, a plain heading below it; repeats carry their buttons. */
function groupBox(item, depth, texts, press) {
  const body = make("div", { class: "ci-form-fields" });
  const title = make(depth === 0 ? "h2" : "h3", { class: "ci-section" });
  const tools = make("div", { class: "ci-actions" });
  const head = make("div", { class: item.instance ? "ci-repeat-head" : "ci-card-head" }, title, tools);
  const id = fresh("g");
  const root = make("section", { id, class: item.instance ? "ci-repeat wide" : depth === 0 ? "ci-card" : "ci-subgroup wide" }, head,
    depth === 0 ? make("div", { class: "ci-card-body" }, body) : body);
  let drawn = "";
  return {
    root, body, id,
    show(now) {
      writeWords(title, now.label);
      head.hidden = !now.label && !now.add && !now.remove && !now.rounds;
      const wanted = JSON.stringify([now.rounds, now.add, now.remove]);
      if (wanted === drawn) return; // a button that is drawn anew loses the focus
      drawn = wanted;
      tools.replaceChildren(...(now.rounds ? roundsBar(now.rounds, texts, (first) => press("rounds", first)) : []),
        ...["add", "remove"].filter((kind) => now[kind]).map((kind) => button(now[kind], "small", () => press(kind))));
    },
  };
}

/** Which rounds of a long repeat are shown, and the way to the others. */
function roundsBar({ first, last, total }, texts, turn) {
  const step = Math.max(1, last - first);
  return [
    button("‹", "small", () => turn(Math.max(0, first - step)), { "aria-label": texts.previous_rounds, disabled: first === 0 }),
    make("span", { class: "ci-num", text: fill(texts.rounds_of, { from: first + 1, to: last, total }) }),
    button("›", "small", () => turn(last), { "aria-label": texts.next_rounds, disabled: last >= total }),
  ];
}

/** The dialog that lists the keys. */
function helpDialog(texts) {
  const keys = [["Enter", "key_enter"], ["Tab", "key_tab"], ["1 … 9", "key_number"], ["↑ ↓", "key_arrows"], ["Delete", "key_delete"],
    ["Alt + PageUp, PageDown", "key_page"], ["Alt + N", "key_next"], ["Alt + M", "key_note"], ["Alt + W", "key_why"], ["Alt + L", "key_language"], ["Ctrl + Enter", "key_submit"], ["?", "key_help"]];
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
