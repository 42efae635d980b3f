// Ranking: a list whose lines are moved, by keyboard (Alt with arrows, or the number of the place) or by pointer.

class Ranking {
  constructor(id, hooks, texts) {
    this.id = id;
    this.hooks = hooks;
    this.texts = texts;
    this.items = []; // {value, label} in the order shown
    this.ranked = false;
    this.at = 0; // the line that the Tab key reaches
    this.list = make("ol", { class: "ci-rank" });
    this.says = make("p", { class: "ci-hint" });
    this.status = make("span", { class: "ci-hidden-visually", role: "status" });
    this.take = make("button", { type: "button", class: "ci-btn small", text: texts.field.take_order, onclick: () => this.commit() });
    this.unset = make("button", { type: "button", class: "ci-btn quiet small", text: texts.field.clear, onclick: () => this.clear() });
    this.root = make("div", {}, this.says, this.list, make("div", { class: "ci-actions" }, this.take, this.unset), this.status);
    this.list.addEventListener("keydown", (event) => this.key(event));
    numberKeys(this.list, () => this.items.length, (n) => this.move(this.at, n));
  }

  key(event) {
    if (this.readonly || event.ctrlKey || event.metaKey) return;
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (by && event.altKey) { event.preventDefault(); this.move(this.at, this.at + by); }
    else if (by) { event.preventDefault(); this.point(this.at + by); }
    else if (event.key === "Delete") this.clear();
    else if (event.key === " " && !event.altKey) { event.preventDefault(); this.commit(); }
    else if (event.key === "Enter" && !event.altKey) { event.preventDefault(); event.stopPropagation(); advance(this.root); }
  }

  point(n) {
    this.at = Math.min(Math.max(n, 0), this.items.length - 1);
    [...this.list.querySelectorAll(".ci-rank-line")].forEach((line, place) => { line.tabIndex = place === this.at ? 0 : -1; });
    this.line()?.focus();
  }

  line() { return this.list.querySelectorAll(".ci-rank-line")[this.at]; }

  move(from, to) {
    if (this.readonly || to < 0 || to >= this.items.length) return;
    const [item] = this.items.splice(from, 1);
    this.items.splice(to, 0, item);
    this.at = to;
    this.ranked = true;
    this.draw();
    this.line().focus();
    this.status.textContent = this.name(item, to);
    this.hooks.commit(this.value());
  }

  commit() {
    this.ranked = true;
    this.draw();
    this.hooks.commit(this.value());
    this.line()?.focus();
  }

  clear() {
    if (!this.ranked || this.readonly) return;
    this.ranked = false;
    this.draw();
    this.hooks.commit("");
    this.line()?.focus();
  }

  name(item, n) { return fill(this.texts.field.place_of, { label: plainWords(item.label), n: n + 1, all: this.items.length }); }

  value() { return this.ranked ? this.items.map((item) => item.value).join(" ") : ""; }

  arrow(item, n, by, text) {
    const label = fill(by < 0 ? this.texts.field.move_up : this.texts.field.move_down, { label: plainWords(item.label) });
    const out = n + by < 0 || n + by >= this.items.length;
    return make("button", { type: "button", class: "ci-btn small", tabindex: "-1", "aria-label": label, text, disabled: out || this.readonly, onclick: () => this.move(n, n + by) });
  }

  draw() {
    this.list.classList.toggle("blank", !this.ranked);
    this.says.textContent = this.ranked ? this.texts.field.ranked : this.texts.field.not_ranked;
    this.take.hidden = this.ranked || this.readonly;
    this.unset.hidden = !this.ranked || this.readonly;
    this.list.replaceChildren(...this.items.map((item, n) => {
      const words = make("span", { dir: "auto" });
      writeWords(words, item.label);
      const line = make("button", { type: "button", class: "ci-rank-line", tabindex: n === this.at ? "0" : "-1", id: n === this.at ? this.id : null, "aria-label": this.ranked ? this.name(item, n) : plainWords(item.label), onfocus: () => { this.at = n; } },
        make("span", { class: "ci-rank-place", "aria-hidden": "true", text: this.ranked ? String(n + 1) : "–" }),
        item.media?.image ? mediaBox({ image: item.media.image }, item.label, this.texts, this.hooks) : null, words);
      const row = make("li", { draggable: this.readonly ? null : "true" }, line, this.arrow(item, n, -1, "↑"), this.arrow(item, n, 1, "↓"));
      this.drag(row, n);
      return row;
    }));
  }

  drag(row, n) {
    row.addEventListener("dragstart", (event) => { this.dragged = n; event.dataTransfer.effectAllowed = "move"; });
    row.addEventListener("dragover", (event) => event.preventDefault());
    row.addEventListener("drop", (event) => {
      event.preventDefault();
      if (this.dragged !== undefined && this.dragged !== n) this.move(this.dragged, n);
      this.dragged = undefined;
    });
  }

  show(now) {
    const order = now.value ? now.value.split(" ") : [];
    const place = (item) => (order.includes(item.value) ? order.indexOf(item.value) : order.length);
    const items = [...now.choices].sort((one, other) => place(one) - place(other));
    const wanted = JSON.stringify([items, Boolean(now.value), now.readonly]);
    if (wanted === this.drawn && this.value() === now.value) return;
    this.drawn = wanted;
    this.items = items;
    this.ranked = Boolean(now.value);
    this.readonly = now.readonly;
    const focused = this.list.contains(document.activeElement);
    this.draw();
    if (focused) this.line()?.focus();
  }
}

function rankControl(question, id, hooks, texts) {
  const ranking = new Ranking(id, hooks, texts);
  return {
    root: ranking.root, focusable: () => ranking.line() ?? ranking.root, value: () => ranking.value(),
    show: (now) => ranking.show(now),
  };
}
