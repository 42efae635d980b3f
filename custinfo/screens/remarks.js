// What stands beside a question: a note, and the reason for an unusual answer.

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
 * The remarks on one question. `keep(kind, value, typing)` keeps one; `held(kind)` says that the browser has a newer one.
 * The button that opens the note is out of the Tab order, which goes from answer to answer: the key is Alt+M.
 */
function remarksOn(texts, keep, held) {
  const note = remarkBox("note", "", (value, typing) => keep("note", value, typing));
  const reason = remarkBox("reason", texts.reason_hint, (value, typing) => keep("reason", value, typing));
  const opener = make("button", { type: "button", class: "ci-note-open", tabindex: "-1", "aria-expanded": "false", title: `${texts.note_add} (Alt+M)` });
  const root = make("div", { class: "ci-remarks" }, reason.root, note.root);
  let wanted = "";
  const open = (visible) => {
    note.root.hidden = !visible;
    opener.setAttribute("aria-expanded", String(visible));
  };
  opener.addEventListener("click", () => { open(note.root.hidden); if (!note.root.hidden) note.input.focus(); });
  const fillIn = (box, kind, value) => { if (!held(kind) && box.input !== document.activeElement) box.input.value = value; };
  return {
    root, opener, note: note.input,
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
