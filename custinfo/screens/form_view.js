// The form: draws the page that the Python session describes, sends answers, and keeps focus and caret where they are.

const TYPING_PAUSE = 600; // ms without a key until what is typed is sent
const SETTLE = 250; // ms that Enter waits for questions that the answer may bring up
const FACTS = ["tree", "at", "sections", "tallies", "summary", "full"];

class Form {
  constructor(model, el) {
    this.model = model;
    this.lists = new Map(); // id -> resolver of a search in a long list
    this.typing = new Map(); // kind and ref -> {of, ref, value, timer}
    this.unsaved = new Unsaved();
    this.clock = new Stopwatch();
    this.waiters = [];
    this.line = new Line(model, (alive) => this.linked(alive));
    this.root = make("div", { class: "ci-page ci-form" }, skeleton());
    el.append(this.root);
    this.files = new Files((content, buffers) => this.line.send(content, buffers));
    this.hear = (message, buffers) => this.receive(message, buffers);
    model.on("msg:custom", this.hear);
    this.keys = (event) => this.key(event);
    document.addEventListener("keydown", this.keys);
    this.leave = () => { this.flush(); try { model.send({ kind: "leave", seen: this.clock.take() }); } catch { /* nobody is there to be told */ } };
    window.addEventListener("pagehide", this.leave);
    // Answers that nobody could be told of live in this tab alone: closing it is asked back
    this.stay = (event) => { if (!this.line.alive && this.unsaved.waiting && !window.custinfo?.reopening) event.preventDefault(); };
    window.addEventListener("beforeunload", this.stay);
    this.hello = setInterval(() => { if (this.page) clearInterval(this.hello); else this.line.send({ kind: "hello" }); }, 1000);
    this.line.send({ kind: "hello" });
  }

  close() {
    this.flush();
    this.line.close();
    this.files.close();
    this.frame?.close();
    clearInterval(this.hello);
    this.model.off("msg:custom", this.hear);
    document.removeEventListener("keydown", this.keys);
    window.removeEventListener("pagehide", this.leave);
    window.removeEventListener("beforeunload", this.stay);
  }

  // ---- messages ----------------------------------------------------------------------------------------------

  receive(message, buffers) {
    this.line.heard();
    if (!message || message.kind === "pong") return;
    if (message.kind === "page") this.open(message);
    else if (message.kind === "login") this.loggedOut(message);
    else if (message.kind === "choices") this.found(message);
    else if (message.kind === "file" || message.kind === "media") this.files.heard(message, buffers);
    else if (this.page) this.apply(message);
    else if (message.kind === "failed") this.announce(message.text);
  }

  apply(message) {
    if (message.draft) this.drafted(message.draft);
    if (message.kind === "ack") this.unsaved.acknowledge(message.ref, message.id, message.of);
    if (message.kind === "refused") this.refused(message);
    if (message.kind === "explained") this.questions.remarks.get(message.ref)?.explain(message.lines);
    if (message.kind === "ack" && message.of === "interviewed") this.frame.momentTaken();
    this.saved(message.saved_at);
    if (message.patch) this.patch(message.patch, message.kind === "problems");
    if (message.kind === "shown" && "at" in message.patch) this.top();
    if (message.kind === "problems") this.summarise(message);
    else if (message.focus) this.focusOn(message.focus);
    if (message.kind === "receipt") this.receipt(message);
    if (message.kind === "similar") this.similar(message);
    if (message.kind === "failed" || message.kind === "conflict") this.announce(message.text, message);
    if (!["ack", "refused", "shown", "explained"].includes(message.kind) && this.frame) mark(this.frame.submit, "aria-busy", null);
    this.state();
    for (const wake of this.waiters.splice(0)) wake();
  }

  open(page) {
    if (this.page?.stage === "fill" && page.stage === "fill") {
      this.page = page;
      this.unsaved.open(page.storage_key);
      this.patch({ set: page.questions, ...page });
    } else {
      this.page = page;
      this.texts = page.texts;
      if (page.stage === "fill") {
        this.unsaved.open(page.storage_key);
        this.draw();
      } else this.root.replaceChildren(plainPage({ ...page.receipt, tone: "ok" }));
    }
    if (page.stage === "fill") {
      mark(this.questions.body, "lang", page.language);
      this.frame.show(page, this.unsaved.get("", "interviewed"));
      if (this.rebasing) { this.rebasing = false; this.notices.say(this.texts.rebased, { look: "ok" }); }
    }
    if (page.draft) this.drafted(page.draft);
    this.saved(page.saved_at);
    if (page.stage === "fill") { this.resend(); this.state(); }
    if (page.receipt) this.receipt(page.receipt);
  }

  drafted(draft) {
    this.page.draft = draft;
    this.unsaved.open(draft.storage_key);
    this.frame?.drafted(this.page);
    this.address(draft.url);
  }

  address(url) {
    if (window.custinfo) window.custinfo.resumeUrl = url;
    if (window.location.pathname + window.location.search !== url) window.history.replaceState(null, "", local(url));
  }

  /** Everything acknowledged is safe since `time`. */
  saved(time) {
    if (!time) return;
    this.savedAt = time;
    if (window.custinfo) window.custinfo.saved = time;
  }

  loggedOut(message) {
    this.announce(message.text, message);
    if (this.frame) mark(this.frame.submit, "aria-busy", null);
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
      (this.frame?.toolbar.isConnected ? this.frame.toolbar : this.root).prepend(this.lost);
    }
    this.state();
  }

  // ---- answers -----------------------------------------------------------------------------------------------

  hooks(ref) {
    return {
      typing: (value) => this.typed("answer", ref, value),
      commit: (value) => this.commit("answer", ref, value),
      choices: (query) => new Promise((resolve) => {
        const id = fresh("c");
        this.lists.set(id, resolve);
        this.line.send({ kind: "choices", id, ref, query });
      }),
      upload: (blob, name, progress) => this.files.upload(ref, blob, name, progress),
      stored: (value) => this.files.fetch({ ref, value }),
      media: (name) => this.files.fetch({ name }),
    };
  }

  typed(of, ref, value) {
    const name = `${of} ${ref}`;
    this.unsaved.put(ref, value, of);
    clearTimeout(this.typing.get(name)?.timer);
    this.typing.set(name, { of, ref, value, timer: setTimeout(() => this.commit(of, ref, value), TYPING_PAUSE) });
    this.state();
  }

  commit(of, ref, value) {
    clearTimeout(this.typing.get(`${of} ${ref}`)?.timer);
    this.typing.delete(`${of} ${ref}`);
    const before = this.unsaved.get(ref, of);
    if (before?.sent && before.value === value) return;
    if (!before && this.known(of, ref) === value) return;
    const entry = Object.assign(this.unsaved.put(ref, value, of), of === "answer" ? this.clock.answered(ref) : {});
    entry.sent = this.dispatch(entry);
    this.state();
  }

  /** What the kernel holds, as far as this page knows. */
  known(of, ref) {
    const shown = this.questions.fields.get(ref)?.shown;
    return of === "answer" ? shown?.value : of === "interviewed" ? this.page.interviewed : shown?.[of] ?? "";
  }

  dispatch(entry) {
    const { of, ref, id, value } = entry;
    const times = of === "answer" ? { ...span(entry), seen: this.clock.take() } : {};
    return this.line.send({ kind: of, id, ref, value, ...times });
  }

  refused(message) {
    this.unsaved[message.kept ? "refuse" : "acknowledge"](message.ref, message.id, message.of);
    if (message.of === "interviewed") this.frame.refuseMoment(message.text);
    else if (message.text) this.questions.remarks.get(message.ref)?.refuse(message.of, message.text);
  }

  /** Add a round to a repeat, remove one, or show others. */
  round(kind, ref, to) {
    this.flush();
    if (kind === "rounds") this.line.send({ kind, ref, to });
    else this.line.send({ kind, ref, id: this.unsaved.number() });
  }

  flush() { for (const { of, ref, value } of [...this.typing.values()]) this.commit(of, ref, value); }

  /** What an earlier page or connection left without an acknowledgement. */
  resend() {
    for (const entry of this.unsaved.list()) {
      const one = entry.of === "answer" ? this.questions.fields.get(entry.ref) : null;
      this.dispatch(entry);
      if (one && one.value() !== entry.value) one.show({ ...one.shown, value: entry.value, value_label: entry.value });
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

  /** Whom a new customer may be the same as. */
  similar(message) {
    const box = similarBox(message, (another) => this.send(another), () => { this.notices.hush(); this.frame.submit.focus(); });
    this.notices.word.replaceChildren(box.root);
    box.focus();
  }

  /** Submit; `another` says why a new customer is another than those that it may be the same as. */
  send(another = "") {
    if (this.frame.submit.getAttribute("aria-busy")) return;
    this.flush();
    mark(this.frame.submit, "aria-busy", "true");
    this.notices.hush();
    const reason = this.frame.reason?.input.value ?? "";
    if (!this.line.send({ kind: "submit", reason, another })) mark(this.frame.submit, "aria-busy", null);
  }

  async end() {
    if (await ask(this.root, this.texts.end_confirm, this.texts.end_yes, this.texts.stay)) this.line.send({ kind: "discard" });
  }

  rebase() {
    this.rebasing = true;
    this.line.send({ kind: "rebase" });
  }

  // ---- drawing -----------------------------------------------------------------------------------------------

  draw() {
    const { texts, page } = this;
    this.notices = new Notices(texts);
    this.questions = new Questions(texts, {
      hooks: (ref) => this.hooks(ref),
      keep: (kind, ref, value, typing) => (typing ? this.typed(kind, ref, value) : this.commit(kind, ref, value)),
      held: (ref, kind) => this.unsaved.get(ref, kind),
      round: (kind, ref, to) => this.round(kind, ref, to),
      why: (ref) => { this.flush(); this.line.send({ kind: "explain", ref }); },
    });
    const { body } = this.questions;
    this.contents = new Contents(texts, (ref) => this.go("turn", ref), (ref) => this.scrollTo(ref));
    this.help = helpDialog(texts);
    this.frame?.close();
    this.frame = new Frame(page, texts, {
      speak: (code) => this.line.send({ kind: "language", code }),
      interviewed: (value) => this.commit("interviewed", "", value),
      help: () => this.help.showModal(),
      turn: (step) => this.go("turn", step),
      nextError: () => this.nextError(),
      submit: () => this.send(),
    });
    const skip = make("a", { class: "ci-skip", href: "#", text: texts.skip_to_questions,
      onclick: (event) => { event.preventDefault(); this.questions.first()?.focus(); } });
    this.root.replaceChildren(...[
      this.frame.head, this.notices.root, skip,
      make("div", { class: "ci-form-grid" }, this.contents.root, make("div", { class: "ci-form-main" }, body, this.frame.reason?.root ?? "")),
      this.frame.toolbar, this.help,
    ]);
    body.addEventListener("keydown", (event) => this.enter(event));
    body.addEventListener("focusin", () => this.clock.enter(this.questions.focused()[0] ?? null));
    body.addEventListener("focusout", (event) => { if (!body.contains(event.relatedTarget)) this.clock.enter(null); });
    this.patch({ set: page.questions, ...page });
    this.notices.refusals(page.given_refused);
    this.notices.stand(page.notice);
    // A finger opens a keyboard over half of the screen: there the person begins
    if (!window.matchMedia("(pointer: coarse)").matches) this.questions.first()?.focus();
  }

  /** Draw what changed: `set` holds questions of this page, `tree` is there when any came or went or the page was turned. */
  patch(patch, force = false) {
    for (const name of FACTS) if (name in patch) this.page[name] = patch[name];
    const lost = this.questions.body.contains(document.activeElement) ? document.activeElement : null;
    this.questions.show(patch, force);
    // A control that draws itself anew keeps its focus; only a focus that is nowhere goes to the top
    const nowhere = lost && !lost.isConnected && !this.questions.body.contains(document.activeElement);
    if (nowhere && !("at" in patch)) this.questions.first()?.focus();
    if ("summary" in patch && !force) this.notices.summarise(patch.summary, (ref) => this.go("jump", ref));
    if ("full" in patch) this.notices.full(patch.full, { jump: (ref) => this.go("jump", ref), end: () => this.end() });
  }

  state() {
    if (!this.frame || this.page.stage !== "fill") return;
    const { waiting, refused } = this.unsaved;
    this.frame.state(this.page, { alive: this.line.alive, waiting, refused, savedAt: this.savedAt });
    this.contents.show(this.page);
  }

  announce(text, message = {}) {
    if (!this.notices) { // nothing was drawn, and asking again would fail again
      clearInterval(this.hello);
      this.notices = new Notices(this.texts ?? {});
      this.root.replaceChildren(this.notices.root);
    }
    if (message.compare) this.notices.conflict(message, () => this.rebase());
    else this.notices.say(text, message);
  }

  /** Say what stands in the way, and go to the first of it. */
  summarise(message) {
    this.page.summary = message.problems.length ? message : null;
    this.notices.summarise(message, (ref) => this.go("jump", ref), true);
    if (message.focus) this.focusOn(message.focus);
    else if (message.change_wanted) this.frame.reason.want();
  }

  receipt(message) {
    this.unsaved.forget();
    this.frame?.close();
    this.page = { ...this.page, stage: "done" };
    this.address(message.url);
    this.root.replaceChildren(plainPage({ ...message, tone: "ok" }));
    this.root.querySelector("h1").focus();
  }

  // ---- where to go -------------------------------------------------------------------------------------------

  /** Ask for another page (`turn`), a question (`jump`) or the next error after one (`error`). */
  go(kind, to) {
    this.blurred();
    this.flush();
    this.line.send({ kind, to, seen: this.clock.take() });
  }

  turn(step) {
    if (!this.page.at) return;
    this.go("turn", step);
  }

  nextError() { this.go("error", this.questions.focused()[0] ?? null); }

  /** A page was turned to. */
  top() {
    this.notices.hush();
    this.root.scrollIntoView({ block: "start" });
    this.questions.first()?.focus();
  }

  focusOn(ref) {
    const one = this.questions.fields.get(ref) ?? this.questions.inside(ref);
    one?.focus();
    one?.showProblem?.();
    if (this.questions.remarks.get(ref)?.lacks) this.questions.remarks.get(ref).focusReason();
  }

  scrollTo(ref) {
    this.questions.boxes.get(ref)?.root.scrollIntoView({ block: "start" });
    this.questions.boxes.get(ref)?.root.querySelector("input, select, textarea")?.focus({ preventScroll: true });
  }

  // ---- keyboard ----------------------------------------------------------------------------------------------

  key(event) {
    if (!this.page || this.page.stage !== "fill" || !this.help || this.root.querySelector("dialog[open]")) return;
    const does = event.key === "Enter" && (event.ctrlKey || event.metaKey) ? () => { this.blurred(); this.send(); }
      : event.altKey && !event.ctrlKey ? this.altKey(event)
        : event.key === "?" && !event.target.matches?.("input:not([type=radio], [type=checkbox]), textarea, select") ? () => this.help.showModal() : null;
    if (!does) return;
    event.preventDefault();
    does();
  }

  altKey(event) {
    return { KeyN: () => this.nextError(), KeyM: () => this.noteHere(), KeyW: () => this.whyHere(), KeyL: () => this.nextLanguage(),
      PageUp: () => this.turn(-1), PageDown: () => this.turn(1) }[event.code];
  }

  /** To the note of the question in focus, or from it back to the answer. */
  noteHere() {
    const [ref, one] = this.questions.focused();
    const beside = this.questions.remarks.get(ref);
    if (beside && document.activeElement === beside.note) one.focus();
    else beside?.write();
  }

  /** Why the question in focus is required, read-only or wrong. */
  whyHere() {
    this.blurred();
    this.questions.remarks.get(this.questions.focused()[0])?.ask();
  }

  nextLanguage() {
    const codes = this.page.languages.map(({ code }) => code);
    if (codes.length) this.line.send({ kind: "language", code: codes[(codes.indexOf(this.page.language) + 1) % codes.length] });
  }

  /** Take over what stands in the focused input, as leaving it would. */
  blurred() {
    const [ref, one] = this.questions.focused();
    if (one?.typed && !one.root.querySelector(".ci-remarks")?.contains(document.activeElement)) this.commit("answer", ref, one.value());
  }

  async enter(event) {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    // A text of several lines keeps its Enter; what is not trusted is a control of ours that goes on by itself
    if (event.isTrusted && !event.target.matches("input, select")) return;
    event.preventDefault();
    this.blurred();
    const [, from] = this.questions.focused();
    await this.settled(SETTLE);
    const [, now] = this.questions.focused();
    if (from !== now) return; // the person moved on meanwhile
    const all = this.questions.asked();
    const next = all[all.indexOf(now) + (event.shiftKey ? -1 : 1)];
    const { pager: { next: page }, submit } = this.frame;
    if (next) next.focus(); else if (!event.shiftKey) (page.hidden ? submit : page).focus();
  }
}

export default {
  render({ model, el }) {
    const form = new Form(model, el);
    return () => form.close();
  },
};
