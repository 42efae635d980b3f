// How long questions were in focus. Monotonic: the computer's clock may be set while somebody answers.

const SEEN_MOST = 200;

class Stopwatch {
  constructor() {
    this.ref = null; // the question in focus
    this.since = 0;
    this.given = false; // whether it was answered since
    this.seen = []; // [ref, from, to] of questions that were left as they were
  }

  /** The focus is in this question now; null for none. */
  enter(ref) {
    if (ref === this.ref) return;
    if (this.ref !== null && !this.given && this.seen.length < SEEN_MOST) this.seen.push([this.ref, this.since, performance.now()]);
    this.ref = ref;
    this.since = performance.now();
    this.given = false;
  }

  /** The question is answered now: when, and after how long. */
  answered(ref) {
    const now = performance.now();
    const took = ref === this.ref ? now - this.since : 0;
    if (ref === this.ref) { this.given = true; this.since = now; }
    return { at: now, took };
  }

  /** What was looked at since this was asked last, as (ref, how long ago, for how long). */
  take() {
    const now = performance.now();
    return this.seen.splice(0).map(([ref, from, to]) => [ref, Math.round(now - to), Math.round(to - from)]);
  }
}

/** How long ago something was answered, and how long that took; nothing when an earlier page did it. */
function span({ at, took }) {
  return at === undefined ? {} : { ago: Math.round(performance.now() - at), took: Math.round(took) };
}
