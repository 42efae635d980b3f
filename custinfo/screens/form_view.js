// The form: draws the page that the Python session describes, sends answers, and keeps focus and caret where they are.

const TYPING_PAUSE = 600; // ms without a key until what is typed is sent
const SETTLE = 250; // ms that Enter waits for questions that the answer may bring up

class Form {
  constructor(model, el) {
    this.model = model;
    this.fields = new Map(); // ref -> field
    this.boxes = new Map(); // ref -> element of a group
    this.lists = new Map(); // id -> resolver of a search in a long list
    this.typing = new Map(); // ref -> {timer, value}
    this.unsaved = new Unsaved();
    this.waiters = [];
    this.line = new Line(model, (alive) => this.linked(alive));
    this.root = make("div", { class: "ci-page ci-form" }, skeleton());
    el.append(this.root);
    this.hear = (message) => this.receive(message);
    model.on("msg:custom", this.hear);
    this.keys = (event) => this.key(event);
    document.addEventListener("keydown", this.keys);
    this.leave = () => this.flush();
    window.addEventListener("pagehide", this.leave);
    this.hello = setInterval(() => { if (this.page) clearInterval(this.hello); else this.line.send({ kind: "hello" }); }, 1000);
    this.line.send({ kind: "hello" });
  }

  close() {
    this.flush();
    this.line.close();
    clearInterval(this.hello);
    this.model.off("msg:custom", this.hear);
    document.removeEventListener("keydown", this.keys);
    window.removeEventListener("pagehide", this.leave);
  }

  // ---- messages ----------------------------------------------------------------------------------------------

  receive(message) {
    this.line.heard();
    if (!message || message.kind === "pong") return;
    if (message.kind === "page") this.open(message);
    else if (message.kind === "login") this.loggedOut(message);
    else if (message.kind === "choices") this.found(message);
    else if (this.page) this.apply(message);
    else if (message.kind === "failed") this.announce(message.text);
  }

  apply(message) {
    if (message.draft) this.drafted(message.draft);
    if (message.kind === "ack") this.unsaved.acknowledge(message.ref, message.id);
    if (message.kind === "refused") this.unsaved[message.kept ? "refuse" : "acknowledge"](message.ref, message.id);
    this.saved(message.saved_at);
    if (message.patch) this.patch(message.patch, message.kind === "problems");
    if (message.kind === "problems") this.summarise(message);
    if (message.kind === "receipt") this.receipt(message);
    if (message.kind === "failed" || message.kind === "conflict") this.announce(message.text, message);
    if (message.kind !== "ack" && this.submit) mark(this.submit, "aria-busy", null);
    this.state();
    for (const wake of this.waiters.splice(0)) wake();
  }

  open(page) {
    if (this.page && page.stage === "fill" && this.page.stage === "fill") {
      this.page = page;
      this.unsaved.open(page.storage_key);
      this.patch({ set: page.questions, tree: page.tree });
    } else {
      this.page = page;
      this.texts = page.texts;
      if (page.stage === "fill") {
        this.unsaved.open(page.storage_key);
        this.draw();
      } else this.root.replaceChildren(plainPage(page));
    }
    if (page.draft) this.drafted(page.draft);
    this.saved(page.saved_at);
    if (page.stage === "fill") { this.resend(); this.state(); }
    if (page.receipt) this.receipt(page.receipt);
  }

  drafted(draft) {
    this.page.draft = draft;
    this.unsaved.open(draft.storage_key);
    if (window.custinfo) window.custinfo.resumeUrl = draft.url;
    if (window.location.pathname + window.location.search !== draft.url) window.history.replaceState(null, "", local(draft.url));
  }

  /** Everything acknowledged is safe since `time`. */
  saved(time) {
    if (!time) return;
    this.savedAt = time;
    if (window.custinfo) window.custinfo.saved = time;
  }

  loggedOut(message) {
    this.announce(message.text, message);
    if (this.submit) mark(this.submit, "aria-busy", null);
    window.custinfo?.lost?.("session");
  }

  linked(alive) {
    if (!this.texts) return;
    if (alive) {
      this.lost?.remove();
      this.lost = null;
      this.line.send({ kind: "hello" });
    } else if (!this.lost) {
      this.lost = make("div", { class: "ci-form-lost", role: "alert" }, make("span", { text: this.texts.lost }),
        make("a", { class: "ci-btn small", href: local(this.page.draft?.url ?? window.location.pathname + window.location.search), text: this.texts.reload }));
      (this.toolbar?.isConnected ? this.toolbar : this.root).prepend(this.lost);
    }
    this.state();
  }

  // ---- answers -----------------------------------------------------------------------------------------------

  hooks(ref) {
    return {
      typing: (value) => {
        this.unsaved.put(ref, value);
        clearTimeout(this.typing.get(ref)?.timer);
        this.typing.set(ref, { value, timer: setTimeout(() => this.commit(ref, value), TYPING_PAUSE) });
        this.state();
      },
      commit: (value) => this.commit(ref, value),
      choices: (query) => new Promise((resolve) => {
        const id = fresh("c");
        this.lists.set(id, resolve);
        this.line.send({ kind: "choices", id, ref, query });
      }),
    };
  }

  commit(ref, value) {
    clearTimeout(this.typing.get(ref)?.timer);
    this.typing.delete(ref);
    const before = this.unsaved.answers.get(ref);
    const known = this.fields.get(ref)?.shown.value === value;
    if (before?.sent && before.value === value) return;
    if (!before && known) return;
    const id = this.unsaved.put(ref, value);
    this.unsaved.answers.get(ref).sent = this.line.send({ kind: "answer", id, ref, value });
    this.state();
  }

  /** Add a round to a repeat, or remove one. */
  round(kind, ref) {
    this.flush();
    this.line.send({ kind, ref, id: this.unsaved.number() });
  }

  flush() { for (const [ref, { value }] of [...this.typing]) this.commit(ref, value); }

  /** Answers that an earlier page or connection left without an acknowledgement. */
  resend() {
    for (const { ref, value, id } of this.unsaved.list()) {
      const one = this.fields.get(ref);
      this.line.send({ kind: "answer", id, ref, value });
      if (one && one.value() !== value) one.show({ ...one.shown, value, value_label: value });
    }
  }

  found(message) {
    this.lists.get(message.id)?.(message);
    this.lists.delete(message.id);
  }

  /** Resolves when everything sent is answered, or after `most` ms. */
  async settled(most) {
    const end = Date.now() + most;
    while (this.unsaved.waiting && Date.now() < end) {
      await new Promise((wake) => { this.waiters.push(wake); setTimeout(wake, Math.max(0, end - Date.now())); });
    }
  }

  send() {
    if (this.submit.getAttribute("aria-busy")) return;
    this.flush();
    mark(this.submit, "aria-busy", "true");
    this.notice.replaceChildren();
    if (!this.line.send({ kind: "submit" })) mark(this.submit, "aria-busy", null);
  }

  // ---- drawing -----------------------------------------------------------------------------------------------

  draw() {
    const { texts, page } = this;
    this.fields.clear();
    this.boxes.clear();
    this.notice = make("div", { class: "ci-stack" });
    this.body = make("div", { class: "ci-form-body" });
    this.toc = make("ol");
    this.contents = make("details", { open: window.matchMedia("(min-width: 900px)").matches },
      make("summary", { text: texts.contents }), this.toc);
    this.note = make("span", { class: "ci-toolbar-note", role: "status" });
    this.bar = make("span");
    this.left = make("span", { class: "ci-muted" });
    this.next = button(texts.next_error, "quiet", () => this.nextError(), { hidden: true, title: "Alt+N" });
    this.submit = button(texts.submit, "primary", () => this.send(), { title: "Ctrl+Enter" });
    this.toolbar = make("div", { class: "ci-toolbar", role: "group", "aria-label": texts.submit },
      make("div", { class: "ci-form-progress" }, this.note, make("div", { class: "ci-progress", "aria-hidden": "true" }, this.bar), this.left),
      make("div", { class: "ci-actions" }, this.next, this.submit));
    this.help = helpDialog(texts);
    this.root.replaceChildren(...[
      make("header", { class: "ci-page-head" },
        make("div", {}, make("h1", { class: "ci-title", text: page.title }), page.subtitle ? make("p", { class: "ci-subtitle", text: page.subtitle }) : null,
          make("p", { class: "ci-legend" }, make("span", { class: "ci-required", text: "※", "aria-hidden": "true" }), ` ${texts.legend}`)),
        make("div", { class: "ci-actions" }, button(`? ${texts.keys}`, "quiet small", () => this.help.showModal()))),
      this.notice,
      make("div", { class: "ci-form-grid" },
        make("nav", { class: "ci-form-toc", "aria-label": texts.contents }, this.contents), this.body),
      this.toolbar,
      this.help,
    ]);
    this.body.addEventListener("keydown", (event) => this.enter(event));
    this.patch({ set: page.questions, tree: page.tree });
  }

  /** Draw what changed. `tree` is there when questions came or went. */
  patch({ set = {}, tree }, force = false) {
    for (const [ref, question] of Object.entries(set)) {
      const one = this.fields.get(ref);
      if (one && one.kind === question.kind) one.show(question, { keep: this.holds(ref), force });
      else {
        const focused = one?.root.contains(document.activeElement);
        const now = field(question, this.texts, this.hooks(ref));
        one?.root.replaceWith(now.root);
        this.fields.set(ref, now);
        if (focused) now.focus();
      }
    }
    if (tree) {
      this.page.tree = tree;
      const lost = this.body.contains(document.activeElement) ? document.activeElement : null;
      const kept = new Set();
      this.arrange(this.body, tree, kept, 0);
      for (const ref of [...this.fields.keys()]) if (!kept.has(ref)) this.fields.delete(ref);
      for (const ref of [...this.boxes.keys()]) if (!kept.has(ref)) this.boxes.delete(ref);
      if (lost && !lost.isConnected) this.order()[0]?.focus();
    }
  }

  /** Whether the browser has a newer value of `ref` than the kernel: typed just now, or on its way. */
  holds(ref) {
    return this.typing.has(ref) || this.unsaved.answers.has(ref);
  }

  /** Make the children of `parent` those of `items`, without moving what stands there already. */
  arrange(parent, items, kept, depth) {
    const wanted = items.map((item) => {
      const ref = typeof item === "string" ? item : item.ref;
      kept.add(ref);
      if (typeof item === "string") return this.fields.get(ref)?.root;
      if (!this.boxes.has(ref)) this.boxes.set(ref, groupBox(item, depth, (kind) => this.round(kind, ref)));
      const box = this.boxes.get(ref);
      box.show(item);
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
  order(items = this.page.tree) {
    return items.flatMap((item) => (typeof item === "string" ? this.fields.get(item) ?? [] : this.order(item.items)));
  }

  state() {
    if (!this.note || this.page.stage !== "fill") return;
    const tally = count(this.order());
    const { waiting, refused } = this.unsaved;
    this.note.textContent = !this.line.alive ? this.texts.unsaved_lost
      : waiting ? this.texts.saving
        : refused ? fill(this.texts.unsaved_refused, { n: refused }) : this.savedAt ? fill(this.texts.saved, { time: this.savedAt }) : this.texts.unsaved_none;
    this.bar.style.width = `${tally.all ? Math.round((100 * tally.answered) / tally.all) : 0}%`;
    this.left.textContent = fill(tally.required ? this.texts.progress : this.texts.progress_done, tally);
    this.next.hidden = !tally.wrong;
    drawContents(this.toc, this.page.tree, this.boxes, (items) => count(this.order(items)), this.texts);
  }

  announce(text, { href, link } = {}) {
    if (!this.notice) { // nothing was drawn, and asking again would fail again
      clearInterval(this.hello);
      this.notice = make("div", { class: "ci-stack" });
      this.root.replaceChildren(this.notice);
    }
    this.notice.replaceChildren(make("div", { class: "ci-banner danger", role: "alert" }, make("p", { text }),
      href ? make("a", { href: local(href), text: link }) : null));
    this.notice.scrollIntoView({ block: "nearest" });
  }

  summarise({ title, problems }) {
    this.notice.replaceChildren(make("div", { class: "ci-banner danger", role: "alert" }, make("strong", { text: title }),
      make("ul", {}, ...problems.map((problem) => make("li", {}, make("a", {
        href: "#", text: problem.label + (/[?？:：]$/.test(problem.label) ? " " : this.texts.colon) + problem.text,
        onclick: (event) => { event.preventDefault(); this.fields.get(problem.ref)?.focus(); },
      }))))));
    (this.fields.get(problems[0]?.ref) ?? this.order()[0])?.focus();
  }

  receipt(message) {
    this.unsaved.forget();
    this.page = { ...this.page, stage: "done" };
    if (window.custinfo) window.custinfo.resumeUrl = message.again;
    this.root.replaceChildren(plainPage({ ...message, tone: "ok" }));
    this.root.querySelector("h1").focus();
  }

  // ---- keyboard ----------------------------------------------------------------------------------------------

  key(event) {
    if (!this.page || this.page.stage !== "fill" || this.help?.open) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); this.blurred(); this.send(); }
    else if (event.altKey && event.code === "KeyN") { event.preventDefault(); this.nextError(); }
    else if (event.key === "?" && !event.target.matches?.("input:not([type=radio]):not([type=checkbox]), textarea, select")) {
      event.preventDefault();
      this.help.showModal();
    }
  }

  /** Take over what stands in the focused input, as leaving it would. */
  blurred() {
    const [ref, one] = this.focused();
    if (one?.typed) this.commit(ref, one.value());
  }

  focused() {
    return [...this.fields].find(([, one]) => one.root.contains(document.activeElement)) ?? [];
  }

  async enter(event) {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (!event.target.matches("input, select")) return; // a text of several lines keeps its Enter
    event.preventDefault();
    this.blurred();
    const [, from] = this.focused();
    await this.settled(SETTLE);
    const [, now] = this.focused();
    if (from !== now) return; // the person moved on meanwhile
    const all = this.order().filter((one) => one.kind !== "note" && one.kind !== "output");
    const next = all[all.indexOf(now) + (event.shiftKey ? -1 : 1)];
    if (next) next.focus(); else this.submit.focus();
  }

  nextError() {
    const all = this.order();
    const at = all.indexOf(this.focused()[1]);
    const wrong = all.map((one, n) => ({ one, n })).filter(({ one }) => one.shown.problem);
    for (const { one } of wrong) one.showProblem();
    (wrong.find(({ n }) => n > at) ?? wrong[0])?.one.focus();
  }
}

export default {
  render({ model, el }) {
    const form = new Form(model, el);
    return () => form.close();
  },
};
