// Watches whether this page still has its server and its kernel, says at once when it has not, and goes on from the draft.
// Loaded before the front end, so that it sees the socket which that opens.
(() => {
  "use strict";
  const page = JSON.parse(document.getElementById("custinfo-page").textContent);
  const config = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  const FIRST_WAIT = 1000, READ_FOR = 1800, LONGEST_WAIT = 15000, ANSWER_WITHIN = 5000, SOCKET_GRACE = 2500, DRAW_WITHIN = 45000;
  const SESSION_OVER = 4401, KERNEL_ENDED = 4404, TOO_LARGE = 1009;

  let reason = null; // "server" | "kernel" | "session" while something is lost
  let wait = FIRST_WAIT;
  let timer = 0;
  let leaving = false;
  let open = 0; // sockets that are open

  const fill = (text, facts) => text.replace(/\{(\w+)\}/g, (_, name) => facts[name]);
  const element = (tag, text, properties = {}) => Object.assign(document.createElement(tag), { textContent: text, ...properties });
  const target = () => custinfo.resumeUrl || location.pathname + location.search;

  const custinfo = {
    language: page.language,
    resumeUrl: null,
    saved: null, // when the last answer was stored, as the person reads it: a screen may set it
    text: (key) => page.text[key] ?? key,
    lost(why) {
      if (leaving || reason === "session" || (reason === "kernel" && why === "server")) return;
      const fresh = reason !== why;
      reason = why;
      if (fresh) {
        wait = FIRST_WAIT;
        announce();
        window.dispatchEvent(new CustomEvent("custinfo:lost", { detail: { reason: why } }));
      }
      if (why === "server") schedule(0);
      else if (why === "kernel" && fresh) schedule(READ_FOR); // a page that vanishes without a word is worse than a short wait
    },
    found() {
      if (reason === null || reason === "session") return;
      reason = null;
      clearTimeout(timer);
      hide();
      window.dispatchEvent(new CustomEvent("custinfo:found"));
    },
    notice(text) { // a word from the page itself that needs no answer
      show(text, []);
      setTimeout(() => { if (reason === null) hide(); }, 8000);
    },
  };
  window.custinfo = custinfo;

  function announce() {
    if (reason === "session") {
      const next = "/login?next=" + encodeURIComponent(target());
      show(custinfo.text("session"), [element("a", custinfo.text("log_in"), { className: "ci-btn small", href: next })]);
      return;
    }
    const text = custinfo.saved ? fill(custinfo.text(reason), { saved: custinfo.saved }) : custinfo.text(reason + "_plain");
    const again = element("button", custinfo.text("retry"), { className: "ci-btn small", type: "button" });
    again.addEventListener("click", () => { wait = FIRST_WAIT; schedule(0); });
    show(text, [again]);
  }

  function show(text, actions) {
    const box = document.getElementById("ci-alert");
    if (!box) { document.addEventListener("DOMContentLoaded", () => show(text, actions), { once: true }); return; }
    box.replaceChildren(element("p", text), ...actions);
    box.hidden = false;
  }

  function hide() {
    const box = document.getElementById("ci-alert");
    if (box) box.hidden = true;
  }

  function schedule(delay) {
    clearTimeout(timer);
    timer = setTimeout(look, delay);
  }

  // Ask the server whether it is here and whether we are still logged in as the same session
  async function look() {
    let answer = null;
    try {
      const response = await fetch("/healthz?session", { cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(ANSWER_WITHIN) });
      if (response.ok) answer = await response.text();
    } catch { /* not here: asked again below */ }
    if (leaving || reason === null) return;
    if (answer === null) {
      if (reason === "kernel") { reason = "server"; announce(); }
      wait = Math.min(wait * 1.6, LONGEST_WAIT);
      schedule(wait * (0.75 + Math.random() / 2));
    } else if (answer !== page.session) {
      sessionOver();
    } else if (reason === "kernel" || !(await kernelLives())) {
      go(target());
    } else if (open > 0) {
      custinfo.found();
    } else {
      schedule(wait); // the front end is opening its socket again by itself
      wait = Math.min(wait * 1.6, LONGEST_WAIT);
    }
  }

  async function kernelLives() {
    try {
      return (await fetch("/api/kernels/" + config.kernelId, { cache: "no-store" })).ok;
    } catch {
      return true; // not known: the next round asks again
    }
  }

  // Whoever walks past must not read on: the page is hidden, and where to log in again is said
  function sessionOver() {
    document.body.classList.add("ci-locked");
    reason = null;
    custinfo.lost("session");
  }

  function go(address) {
    leaving = true;
    sessionStorage.setItem("custinfo:resumed", "1");
    custinfo.reopening = true; // what is not sent yet stays with the tab
    if (address === location.pathname + location.search) location.reload(); else location.assign(address);
  }

  // Reading and scrolling are use, too. The server is told at most once a minute; what nobody uses is hidden, even while
  // the server cannot be asked
  const IDLE = page.idleSeconds * 1000, TELL_EVERY = 60000, WATCH_EVERY = 10000;
  let used = Date.now();
  let told = used;
  function use() {
    used = Date.now();
    if (used - told < TELL_EVERY || reason !== null) return;
    told = used;
    fetch("/healthz", { method: "POST", cache: "no-store" }).catch(() => {});
  }
  async function watchIdle() {
    if (reason === "session" || Date.now() - used < IDLE) return;
    let answer = null;
    try {
      answer = await (await fetch("/healthz?session", { cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN) })).text();
    } catch { /* not here: hidden until it is */ }
    if (answer === page.session) {
      used = Date.now() - IDLE / 2; // another page of this login is in use
      document.body.classList.remove("ci-locked");
    } else if (answer === null) document.body.classList.add("ci-locked");
    else sessionOver();
  }
  for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchmove"]) window.addEventListener(kind, use, { capture: true, passive: true });
  setInterval(watchIdle, WATCH_EVERY);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) watchIdle(); });

  // The front end's socket, watched from outside. Losing it for a moment is nothing: the front end opens it again
  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(...args) {
      super(...args);
      this.addEventListener("open", () => { open += 1; this.wasOpen = true; if (reason === "server") custinfo.found(); });
      this.addEventListener("close", (event) => {
        if (this.wasOpen) open -= 1;
        if (leaving) return;
        if (event.code === SESSION_OVER) sessionOver();
        else if (event.code === KERNEL_ENDED) custinfo.lost("kernel");
        else if (event.code === TOO_LARGE) custinfo.notice(custinfo.text("too_large"));
        setTimeout(() => { if (open === 0 && !leaving) custinfo.lost("server"); }, SOCKET_GRACE);
      });
    }
    send(data) {
      const size = data.byteLength ?? data.size ?? data.length * 3;
      if (size > config.largestMessage) { custinfo.notice(custinfo.text("too_large")); return; }
      super.send(data);
    }
  };

  // The kernel's own word, once the front end runs
  function watchKernel() {
    const kernel = window.jupyterapp?.widgetManager?.kernel;
    if (!kernel) { setTimeout(watchKernel, 200); return; }
    kernel.statusChanged.connect((_, status) => {
      if (status === "dead" || status === "restarting" || status === "autorestarting") custinfo.lost("kernel");
    });
  }

  // The skeleton goes when something is drawn; if nothing ever is, that is said
  function watchDrawing() {
    const cells = document.getElementById("ci-cells");
    const drawn = () => cells.querySelector("[data-ci-final], .ci-cell > * > *:not(script)") !== null;
    const finish = () => {
      if (sessionStorage.getItem("custinfo:resumed")) {
        sessionStorage.removeItem("custinfo:resumed");
        if (reason === null) custinfo.notice(custinfo.text("resumed"));
      }
      document.getElementById("ci-skeleton")?.remove();
      document.body.classList.remove("ci-starting");
      performance.mark("custinfo:drawn");
    };
    if (drawn()) { finish(); return; }
    const observer = new MutationObserver(() => { if (drawn()) { observer.disconnect(); clearTimeout(late); finish(); } });
    observer.observe(cells, { childList: true, subtree: true });
    const late = setTimeout(() => {
      const again = element("button", custinfo.text("open_again"), { className: "ci-btn small", type: "button" });
      again.addEventListener("click", () => go(target()));
      if (reason === null) show(custinfo.text("unstartable"), [again]);
    }, DRAW_WITHIN);
  }

  // A folded part of the menu closes when one looks elsewhere
  const closeMenu = (event) => {
    const menu = document.querySelector(".ci-nav-more[open]");
    if (!menu || (event.type !== "keydown" && menu.contains(event.target))) return;
    if (event.type === "keydown" && event.key !== "Escape") return;
    menu.open = false;
    if (event.type === "keydown") menu.querySelector("summary").focus();
  };
  for (const kind of ["click", "keydown", "focusin"]) document.addEventListener(kind, closeMenu);
  window.addEventListener("pagehide", () => { leaving = true; });
  // A page taken from the browser's back-forward store has a kernel that was ended when it was left
  window.addEventListener("pageshow", (event) => { if (event.persisted) go(target()); });
  window.addEventListener("online", () => { if (reason !== null && reason !== "session") schedule(0); });
  window.addEventListener("offline", () => custinfo.lost("server"));
  window.addEventListener("DOMContentLoaded", watchDrawing);
  window.addEventListener("load", watchKernel);
})();
