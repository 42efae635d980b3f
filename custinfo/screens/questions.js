// The questions of the page that is shown: fields, the groups around them, and what stands beside them.

/**
 * `hooks(ref)` are what a question's control may ask for; `keep(kind, ref, value, typing)` keeps a remark; `held(ref, kind)`
 * says that the browser has a newer value than the kernel; `round(kind, ref, to)` adds, removes or shows rounds of a repeat;
 * `why(ref)` asks why a question is as it is.
 */
class Questions {
  constructor(texts, { hooks, keep, held, round, why }) {
    Object.assign(this, { texts, hooks, keep, held, round, why });
    this.body = make("div", { class: "ci-form-body" });
    this.tree = [];
    this.fields = new Map(); // ref -> field
    this.remarks = new Map(); // ref -> what stands beside it
    this.boxes = new Map(); // ref -> element of a group
  }

  /** Draw what changed: `set` holds questions, `tree` is there when any came or went or the page was turned. */
  show({ set = {}, tree }, force) {
    for (const [ref, question] of Object.entries(set)) this.draw(ref, question, force);
    if (!tree) return;
    this.tree = tree;
    const kept = new Set();
    this.arrange(this.body, tree, kept, 0);
    for (const known of [this.fields, this.boxes, this.remarks]) for (const ref of [...known.keys()]) if (!kept.has(ref)) known.delete(ref);
  }

  draw(ref, question, force) {
    const one = this.fields.get(ref);
    if (one && one.kind === question.kind) one.show(question, { keep: Boolean(this.held(ref, "answer")), force });
    else {
      const focused = one?.root.contains(document.activeElement);
      const now = field(question, this.texts, this.hooks(ref));
      one?.root.replaceWith(now.root);
      this.fields.set(ref, now);
      this.remarks.delete(ref);
      if (question.kind !== "note") this.remarkOn(ref, now);
      if (focused) now.focus();
    }
    this.remarks.get(ref)?.show(question);
  }

  remarkOn(ref, one) {
    const beside = remarksOn(this.texts, (kind, value, typing) => this.keep(kind, ref, value, typing), (kind) => this.held(ref, kind), () => this.why(ref));
    one.root.append(beside.tools, beside.root);
    this.remarks.set(ref, beside);
  }

  /** Make the children of `parent` those of `items`, without moving what stands there already. */
  arrange(parent, items, kept, depth) {
    const wanted = items.map((item) => {
      const ref = typeof item === "string" ? item : item.ref;
      kept.add(ref);
      if (typeof item === "string") return this.fields.get(ref)?.root;
      if (!this.boxes.has(ref)) {
        this.boxes.set(ref, item.grid ? gridBox(item, this.texts, this.hooks(ref))
          : groupBox(item, depth, this.texts, (kind, to) => this.round(kind, ref, to)));
      }
      const box = this.boxes.get(ref);
      box.show(item);
      spreadUnits(box.body, item);
      this.arrange(box.body, item.items, kept, depth + 1);
      return box.root;
    }).filter(Boolean);
    const stay = new Set(wanted);
    for (const child of [...parent.children]) if (!stay.has(child)) child.remove();
    let place = parent.firstElementChild;
    for (const node of wanted) {
      if (node === place) place = place.nextElementSibling;
      else parent.insertBefore(node, place);
    }
  }

  /** The fields as they stand on the page, top to bottom. */
  order(items = this.tree) {
    return items.flatMap((item) => (typeof item === "string" ? this.fields.get(item) ?? [] : this.order(item.items)));
  }

  /** The fields that take an answer. */
  asked(items) { return this.order(items).filter((one) => one.kind !== "note" && one.kind !== "output"); }

  /** Where somebody begins. */
  first() { return this.asked()[0]; }

  /** The first field of a group or round. */
  inside(ref, items = this.tree) {
    for (const item of items) {
      if (typeof item === "string") continue;
      const found = item.ref === ref ? this.asked(item.items)[0] : this.inside(ref, item.items);
      if (found) return found;
    }
    return null;
  }

  /** The question in focus: its ref and field. */
  focused() {
    return [...this.fields].find(([, one]) => one.root.contains(document.activeElement)) ?? [];
  }
}
