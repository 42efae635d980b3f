// The line between the page and its kernel: answers until they are acknowledged, and whether anybody is there.

const PING_EVERY = 5000;
const PATIENCE = 8000;
const PATIENCE_WITH_WORK = 60000; // once the kernel said that it works at what was asked for

/**
 * What the kernel has not acknowledged, kept in the tab's storage under `key` so that a reload finds it: answers, and
 * what stands beside them. An entry is {of, ref, id, value, refused}: `of` is `answer`, `note`, `reason` or `interviewed`.
 * `refused` ones stay with their question until they are mended.
 */
class Unsaved {
  constructor() { this.key = null; this.entries = new Map(); this.last = 0; }

  /** Keep under `key` from now on, together with what an earlier page left there. */
  open(key) {
    const before = this.key;
    this.key = key;
    for (const [name, entry] of Unsaved.#read(key)) if (!this.entries.has(name)) this.entries.set(name, entry);
    if (before && before !== key) Unsaved.#write(before, new Map());
    this.#keep();
  }

  /** A number that is larger than all before, in earlier pages too. */
  number() {
    this.last = Math.max(this.last + 1, Date.now());
    return this.last;
  }

  get(ref, of = "answer") { return this.entries.get(`${of} ${ref}`); }

  put(ref, value, of = "answer") {
    const entry = { of, ref, id: this.number(), value };
    this.entries.set(`${of} ${ref}`, entry);
    this.#keep();
    return entry;
  }

  /** The kernel has what is numbered `id`; a newer one of the same question stays. */
  acknowledge(ref, id, of = "answer") {
    const entry = this.get(ref, of);
    if (entry && entry.id <= id) this.entries.delete(`${of} ${ref}`);
    this.#keep();
  }

  refuse(ref, id, of = "answer") {
    const entry = this.get(ref, of);
    if (entry && entry.id === id) entry.refused = true;
    this.#keep();
  }

  get waiting() { return [...this.entries.values()].filter((entry) => !entry.refused).length; }
  get refused() { return this.entries.size - this.waiting; }
  list() { return [...this.entries.values()]; }
  forget() { this.entries.clear(); this.#keep(); }

  #keep() { if (this.key) Unsaved.#write(this.key, this.entries); }

  static #read(key) {
    try { return JSON.parse(sessionStorage.getItem(key) ?? "[]"); } catch { return []; }
  }

  static #write(key, entries) {
    try {
      // Not when it was given: that is measured from the beginning of this page
      if (entries.size) sessionStorage.setItem(key, JSON.stringify([...entries].map(([name, { of, ref, id, value, refused }]) => [name, { of, ref, id, value, refused }])));
      else sessionStorage.removeItem(key);
    } catch { /* storage is full or forbidden: the answers are still in this page */ }
  }
}

/** Sends messages, and asks every few seconds whether the kernel is there. `changed(alive)` is told when that changes. */
class Line {
  constructor(model, changed) {
    this.model = model;
    this.changed = changed;
    this.alive = true;
    this.asked = null;
    this.patience = PATIENCE;
    this.timer = setInterval(() => this.send({ kind: "ping" }), PING_EVERY);
  }

  /** Every message has an answer; none within `patience` ms means that nobody is there. */
  send(content, buffers) {
    if (this.asked === null) {
      this.asked = Date.now();
      setTimeout(() => this.#look(), this.patience + 1);
    }
    try { this.model.send(content, undefined, buffers); return true; } catch { this.#turn(false); return false; }
  }

  /** Anything heard from the kernel is a sign of life. */
  heard(working = false) {
    this.asked = null;
    this.patience = working ? PATIENCE_WITH_WORK : PATIENCE;
    this.#turn(true);
  }

  close() { clearInterval(this.timer); }

  #look() {
    if (this.asked !== null && Date.now() - this.asked >= this.patience) this.#turn(false);
  }

  #turn(alive) {
    if (alive === this.alive) return;
    this.alive = alive;
    if (alive) window.custinfo?.found?.(); else window.custinfo?.lost?.("kernel");
    this.changed(alive);
  }
}
