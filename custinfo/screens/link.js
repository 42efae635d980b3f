// The line between the page and its kernel: answers until they are acknowledged, and whether anybody is there.

const PING_EVERY = 5000;
const PATIENCE = 8000;

/**
 * Answers that the kernel has not acknowledged, kept in the tab's storage under `key` so that a reload finds them.
 * An entry is {id, value, refused}; `refused` answers stay with their question until they are mended.
 */
class Unsaved {
  constructor() { this.key = null; this.answers = new Map(); this.last = 0; }

  /** Keep under `key` from now on, together with what an earlier page left there. */
  open(key) {
    const before = this.key;
    this.key = key;
    for (const [ref, answer] of Unsaved.#read(key)) if (!this.answers.has(ref)) this.answers.set(ref, answer);
    if (before && before !== key) Unsaved.#write(before, new Map());
    this.#keep();
  }

  /** A number that is larger than all before, in earlier pages too. */
  number() {
    this.last = Math.max(this.last + 1, Date.now());
    return this.last;
  }

  put(ref, value) {
    const id = this.number();
    this.answers.set(ref, { id, value });
    this.#keep();
    return id;
  }

  /** The kernel has the answer numbered `id`; a newer one to the same question stays. */
  acknowledge(ref, id) {
    const answer = this.answers.get(ref);
    if (answer && answer.id <= id) this.answers.delete(ref);
    this.#keep();
  }

  refuse(ref, id) {
    const answer = this.answers.get(ref);
    if (answer && answer.id === id) answer.refused = true;
    this.#keep();
  }

  get waiting() { return [...this.answers.values()].filter((answer) => !answer.refused).length; }
  get refused() { return this.answers.size - this.waiting; }
  list() { return [...this.answers].map(([ref, answer]) => ({ ref, id: answer.id, value: answer.value })); }
  forget() { this.answers.clear(); this.#keep(); }

  #keep() { if (this.key) Unsaved.#write(this.key, this.answers); }

  static #read(key) {
    try { return JSON.parse(sessionStorage.getItem(key) ?? "[]"); } catch { return []; }
  }

  static #write(key, answers) {
    try {
      if (answers.size) sessionStorage.setItem(key, JSON.stringify([...answers]));
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
    this.timer = setInterval(() => this.send({ kind: "ping" }), PING_EVERY);
  }

  /** Every message has an answer; none within `PATIENCE` ms means that nobody is there. */
  send(content) {
    if (this.asked === null) {
      this.asked = Date.now();
      setTimeout(() => this.#look(), PATIENCE + 1);
    }
    try { this.model.send(content); return true; } catch { this.#turn(false); return false; }
  }

  /** Anything heard from the kernel is a sign of life. */
  heard() {
    this.asked = null;
    this.#turn(true);
  }

  close() { clearInterval(this.timer); }

  #look() {
    if (this.asked !== null && Date.now() - this.asked >= PATIENCE) this.#turn(false);
  }

  #turn(alive) {
    if (alive === this.alive) return;
    this.alive = alive;
    if (alive) window.custinfo?.found?.(); else window.custinfo?.lost?.("kernel");
    this.changed(alive);
  }
}
