// One question: label, hint, input, problem. Every kind of control answers to the same four names:
// root (element), focusable() (what takes the focus), show(description) and value() (text; choices of many parted by spaces).

const TYPED = new Set(["text", "multiline", "integer", "decimal", "date", "time", "datetime", "unsupported"]);
const WITHOUT_REQUIRED = new Set(["output", "range", "checks"]); // roles that know no aria-required
const NATIVE = { date: "date", time: "time", datetime: "datetime-local" };

function typedControl(question, id, hooks) {
  const input = question.kind === "multiline" ? make("textarea", { id, rows: 3 }) : make("input", {
    id, type: NATIVE[question.kind] ?? "text", autocomplete: "off", spellcheck: "false",
    inputmode: { integer: "numeric", decimal: "decimal" }[question.kind],
    class: question.kind === "integer" || question.kind === "decimal" ? "ci-number" : null,
  });
  input.addEventListener("input", () => hooks.typing(input.value));
  input.addEventListener("change", () => hooks.commit(input.value));
  return {
    root: input, focusable: () => input, value: () => input.value,
    show(now) {
      if (input.value !== now.value) input.value = now.value;
      if ("readOnly" in input) input.readOnly = now.readonly;
    },
  };
}

function choiceControl(question, id, hooks, texts) {
  const many = question.kind === "checks";
  const type = many ? "checkbox" : "radio";
  const root = make("div", { class: "ci-choices" });
  let drawn = "";
  const inputs = () => [...root.querySelectorAll("input")];
  const value = () => inputs().filter((input) => input.checked).map((input) => input.value).join(" ");
  const clear = () => {
    for (const input of inputs()) input.checked = false;
    hooks.commit("");
  };
  root.addEventListener("change", () => hooks.commit(value()));
  root.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Delete" && value() && !inputs()[0].disabled) clear();
    if (!/^[1-9]$/.test(event.key)) return;
    const input = inputs()[Number(event.key) - 1];
    if (!input || input.disabled) return;
    event.preventDefault();
    input.focus();
    input.click();
  });
  const unset = make("button", { type: "button", class: "ci-btn quiet small ci-clear", text: texts.clear, onclick: () => {
    clear();
    inputs()[0].focus();
  } });
  const draw = (choices) => root.replaceChildren(...choices.map((choice, n) => make("label", { class: "ci-choice" },
    make("input", { type, name: id, value: choice.value, id: n === 0 ? id : `${id}-${n}` }),
    make("span", { text: choice.label }),
    choices.length < 10 ? make("span", { class: "ci-choice-key", "aria-hidden": "true", text: String(n + 1) }) : null)), many ? "" : unset);
  return {
    root, value,
    focusable: () => root.querySelector("input:checked") ?? root.querySelector("input") ?? root,
    show(now) {
      const wanted = JSON.stringify(now.choices);
      if (wanted !== drawn) { draw(now.choices); drawn = wanted; }
      root.classList.toggle("inline", now.choices.every((choice) => choice.label.length <= 6));
      const chosen = new Set(many ? now.value.split(" ") : [now.value]);
      for (const input of inputs()) {
        input.checked = input.value !== "" && chosen.has(input.value);
        input.disabled = now.readonly && !input.checked;
      }
      unset.hidden = now.required || now.readonly || !now.value;
    },
  };
}

function selectControl(question, id, hooks, texts) {
  const select = make("select", { id });
  let drawn = "";
  select.addEventListener("change", () => hooks.commit(select.value));
  return {
    root: select, focusable: () => select, value: () => select.value,
    show(now) {
      const wanted = JSON.stringify(now.choices);
      if (wanted !== drawn) {
        select.replaceChildren(make("option", { value: "", text: texts.choose }),
          ...now.choices.map((choice) => make("option", { value: choice.value, text: choice.label })));
        drawn = wanted;
      }
      select.value = now.value;
      select.disabled = now.readonly;
    },
  };
}

function comboControl(question, id, hooks, texts) {
  const box = combobox({ id, texts, find: hooks.choices, onpick: hooks.commit });
  return {
    root: box.root, focusable: () => box.input, value: box.value,
    show(now) {
      box.set(now.value, now.value_label);
      box.input.readOnly = now.readonly;
    },
  };
}

function rangeControl(question, id, hooks) {
  const input = make("input", { id, type: "range", min: question.start, max: question.end, step: question.step });
  const output = make("output", { for: id, class: "ci-num" });
  const say = () => { output.textContent = input.classList.contains("blank") ? "—" : input.value; };
  const touch = () => { input.classList.remove("blank"); say(); };
  input.addEventListener("input", () => { touch(); hooks.typing(input.value); });
  input.addEventListener("change", () => { touch(); hooks.commit(input.value); });
  return {
    root: make("div", { class: "ci-range" }, input, output), focusable: () => input,
    value: () => (input.classList.contains("blank") ? "" : input.value),
    show(now) {
      input.classList.toggle("blank", now.value === "");
      input.value = now.value === "" ? now.start : now.value;
      input.disabled = now.readonly;
      say();
    },
  };
}

function acknowledgeControl(question, id, hooks, texts) {
  const input = make("input", { id, type: "checkbox" });
  input.addEventListener("change", () => hooks.commit(input.checked ? "OK" : ""));
  return {
    root: make("label", { class: "ci-choice" }, input, make("span", { text: texts.acknowledge })),
    focusable: () => input, value: () => (input.checked ? "OK" : ""),
    show(now) { input.checked = now.value !== ""; input.disabled = now.readonly; },
  };
}

function outputControl(question, id) {
  const output = make("output", { id, class: "ci-output", tabindex: "-1" });
  return {
    root: output, focusable: () => output, value: () => "",
    show(now) { output.textContent = now.value_label || now.value || "—"; },
  };
}

const CONTROLS = {
  radio: choiceControl, checks: choiceControl, select: selectControl, combobox: comboControl,
  range: rangeControl, acknowledge: acknowledgeControl, output: outputControl,
};

/** A question as it stands on the page. `hooks`: typing(value), commit(value), choices(query). */
function field(question, texts, hooks) {
  if (question.kind === "note") return noteField(question);
  const id = fresh("q");
  const grouped = question.kind === "radio" || question.kind === "checks";
  const words = make("span");
  const required = make("span", { class: "ci-required", text: "※", title: texts.required, "aria-hidden": "true" });
  const label = make(grouped ? "legend" : "label", { class: "ci-label", id: `${id}-label`, for: grouped ? null : id }, words, required);
  const hint = make("p", { class: "ci-hint", id: `${id}-hint` });
  const error = make("p", { class: "ci-error", id: `${id}-error`, hidden: true });
  const control = (CONTROLS[question.kind] ?? typedControl)(question, id, hooks, texts);
  control.root.classList.add("ci-control");
  const root = make(grouped ? "fieldset" : "div", {
    class: `ci-field ci-q ${question.wide ? "wide" : ""}`, role: question.kind === "radio" ? "radiogroup" : null, "aria-labelledby": grouped ? label.id : null,
  }, label, hint, control.root, error);
  let shown = question;
  let visible = false;

  const showProblem = () => {
    visible = Boolean(shown.problem);
    error.hidden = !visible;
    error.textContent = shown.problem ?? "";
    mark(root, "data-state", visible ? (shown.soft ? "warn" : "error") : null);
    const invalid = visible && !shown.soft;
    const bearer = grouped ? root : control.focusable();
    mark(bearer, "aria-invalid", invalid ? "true" : null);
    mark(bearer, "aria-describedby", [shown.hint && hint.id, visible && error.id].filter(Boolean).join(" ") || null);
  };
  root.addEventListener("focusout", () => setTimeout(() => { if (!root.contains(document.activeElement)) showProblem(); }));

  const self = {
    root, kind: question.kind, typed: TYPED.has(question.kind),
    focus() { control.focusable().focus(); root.scrollIntoView({ block: "nearest" }); },
    value: control.value,
    get shown() { return shown; },
    /** Draw `now`. The value is left alone while `keep` says that the browser holds a newer one. */
    show(now, { keep = false, force = false } = {}) {
      shown = now;
      words.textContent = now.label;
      required.hidden = !now.required;
      hint.textContent = now.hint ?? "";
      hint.hidden = !now.hint;
      control.show(keep ? { ...now, value: control.value(), value_label: control.focusable().value } : now);
      if (!WITHOUT_REQUIRED.has(question.kind)) {
        mark(grouped ? root : control.focusable(), "aria-required", now.required ? "true" : null);
      }
      if (force || visible || !now.problem || !root.contains(document.activeElement)) showProblem();
    },
    showProblem,
  };
  self.show(question);
  return self;
}

function noteField(question) {
  const words = make("p");
  const hint = make("p", { class: "ci-hint" });
  const root = make("div", { class: "ci-note wide" }, words, hint);
  let shown = question;
  const self = {
    root, kind: "note", typed: false, focus() { root.scrollIntoView({ block: "nearest" }); }, value: () => "",
    get shown() { return shown; },
    show(now) { shown = now; words.textContent = now.label; hint.textContent = now.hint ?? ""; hint.hidden = !now.hint; },
    showProblem() {},
  };
  self.show(question);
  return self;
}
