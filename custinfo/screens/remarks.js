// What stands beside a question: a note, the reason for an unusual answer, and why it is required, read-only or wrong.

/** A labelled text of its own. `keep(value, typing)` is told what is typed. */
function remarkBox(kind, hint, keep) {
  const id = fresh("r");
  const input = make("textarea", { id, rows: 2, "aria-describedby": `${id}-hint` });
  const label = make("label", { class: "ci-label", for: id });
  const about = make("p", { class: "ci-hint", id: `${id}-hint`, text: hint, hidden: !hint });
  input.addEventListener("input", () => keep(input.value, true));
  input.addEventListener("change", () => keep(input.value, false));
  return { root: make("div", { class: `ci-remark ${kind}`, hidden: true }, label, about, input), input, label, about };
}

/**
 * The remarks on one question. `keep(kind, value, typing)` keeps one; `held(kind)` says that the browser has a newer one;
 * `ask()` asks why. The buttons are out of the Tab order, which goes from answer to answer: the keys are Alt+M and Alt+W.
 * What is only shown takes no focus: there the button is the way by keyboard, and there is nothing to be noted.
 */
function remarksOn(texts, keep, held, ask) {
  const note = remarkBox("note", "", (value, typing) => keep("note", value, typing));
  const reason = remarkBox("reason", texts.reason_hint, (value, typing) => keep("reason", value, typing));
  const opener = make("button", { type: "button", class: "ci-note-open", tabindex: "-1", "aria-expanded": "false", title: `${texts.note_add} (Alt+M)` });
  const why = make("button", { type: "button", class: "ci-note-open", "aria-expanded": "false", title: "Alt+W", text: texts.why, hidden: true });
  const because = make("div", { class: "ci-remark why", role: "status", hidden: true });
  const tools = make("div", { class: "ci-note-tools" }, why, opener);
  const root = make("div", { class: "ci-remarks" }, because, reason.root, note.root);
  let wanted = "";
  const open = (visible) => {
    note.root.hidden = !visible;
    opener.setAttribute("aria-expanded", String(visible));
  };
  const unfold = (visible) => {
    because.hidden = !visible;
    why.setAttribute("aria-expanded", String(visible));
  };
  const question = () => { if (because.hidden) ask(); else unfold(false); };
  why.addEventListener("click", question);
  opener.addEventListener("click", () => { open(note.root.hidden); if (!note.root.hidden) note.input.focus(); });
  const fillIn = (box, kind, value) => { if (!held(kind) && box.input !== document.activeElement) box.input.value = value; };
  return {
    root, tools, note: note.input,
    /** Ask why, or put the reasons away. */
    ask() { if (!why.hidden) question(); },
    explain(lines) {
      because.replaceChildren(...lines.map((text) => make("p", { class: "ci-hint", dir: "auto", text })));
      unfold(true);
    },
    /** Open the note and go there. */
    write() { open(true); note.input.focus(); },
    focusReason() { reason.input.focus(); },
    get lacks() { return Boolean(wanted); },
    show(now) {
      fillIn(note, "note", now.note ?? "");
      if (note.input.value && note.root.hidden) open(true);
      opener.classList.toggle("has-note", Boolean(note.input.value));
      const name = fill(texts.note_of, { label: now.label });
      opener.textContent = texts.note;
      opener.hidden = now.kind === "output";
      why.tabIndex = opener.hidden ? 0 : -1;
      why.hidden = !(now.required || now.readonly || (now.problem && !now.soft));
      why.setAttribute("aria-label", fill(texts.why_of, { label: now.label }));
      if (why.hidden) unfold(false);
      else if (!because.hidden) ask();
      opener.setAttribute("aria-label", name);
      note.label.textContent = texts.note;
      note.input.setAttribute("aria-label", name);
      const asked = now.reason !== undefined;
      if (!asked && !reason.root.hidden) reason.input.value = "";
      reason.root.hidden = !asked;
      wanted = (asked && now.reason_wanted) || "";
      if (asked) fillIn(reason, "reason", now.reason);
      reason.label.textContent = texts.reason;
      reason.input.setAttribute("aria-label", fill(texts.reason_of, { label: now.label }));
      reason.about.textContent = wanted || texts.reason_hint;
      reason.about.classList.toggle("ci-error", Boolean(wanted));
      mark(reason.input, "aria-invalid", wanted ? "true" : null);
      mark(reason.input, "aria-required", asked ? "true" : null);
    },
    /** What was typed could not be kept. */
    refuse(kind, words) {
      const box = kind === "note" ? note : reason;
      box.about.textContent = words;
      box.about.hidden = false;
      box.about.classList.add("ci-error");
    },
  };
}
