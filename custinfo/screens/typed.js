// Questions that are typed: text, numbers, dates. `stored` turns what stands in the box into the answer, `shown` back.

const NATIVE = { date: "date", time: "time", datetime: "datetime-local", month: "month" };
const NUMERIC = { integer: "numeric", decimal: "decimal", year: "numeric" };
const NUMBER = /^[+-]?\d+(\.\d*)?$/;

/** `1234567.5` → `1,234,567.5`; anything but a number stays as it is. */
function grouped(text) {
  const [whole, fraction] = text.split(".");
  return NUMBER.test(text) ? whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",") + (fraction === undefined ? "" : `.${fraction}`) : text;
}

function ungrouped(text) {
  const bare = text.replace(/[,，\s]/g, "");
  return NUMBER.test(bare) ? bare : text;
}

const FORMS = {
  time: { shown: (value) => value.slice(0, 5), stored: (text) => text },
  datetime: { shown: (value) => value.slice(0, 16), stored: (text) => text },
  month: { shown: (value) => value.slice(0, 7), stored: (text) => (/^\d{4}-\d\d$/.test(text) ? `${text}-01` : text) },
  year: { shown: (value) => (/^\d{4}-01-01$/.test(value) ? value.slice(0, 4) : value), stored: (text) => (/^\d{4}$/.test(text) ? `${text}-01-01` : text) },
};
const AS_IT_IS = { shown: (value) => value, stored: (text) => text };

function typedInput(question, id, look, texts) {
  if (question.kind === "multiline") return make("textarea", { id, rows: 3, dir: "auto" });
  const numeric = question.kind in NUMERIC || look.includes("numbers");
  return make("input", {
    id, type: look.includes("masked") ? "password" : look.includes("url") ? "url" : NATIVE[question.kind] ?? "text",
    autocomplete: look.includes("masked") ? "new-password" : "off", spellcheck: "false",
    dir: numeric || question.kind in NATIVE ? null : "auto",
    inputmode: NUMERIC[question.kind] ?? (look.includes("numbers") ? "numeric" : null),
    placeholder: question.kind === "year" ? texts.field.year_placeholder : null,
    class: [numeric && "ci-number", look.includes("no-calendar") && "ci-no-calendar"].filter(Boolean).join(" ") || null,
  });
}

function typedControl(question, id, hooks, texts) {
  const look = question.look ?? [];
  const form = FORMS[question.kind] ?? AS_IT_IS;
  const thousands = look.includes("thousands-sep");
  const input = typedInput(question, id, look, texts);
  let known = question.value;
  const here = () => document.activeElement === input;
  const display = (value) => (thousands && !here() ? grouped(value) : form.shown(value));
  const value = () => {
    if (input.value === form.shown(known) || input.value === display(known)) return known; // not touched: a zone or seconds stay
    return form.stored(thousands ? ungrouped(input.value) : input.value);
  };
  input.addEventListener("input", () => hooks.typing(value()));
  input.addEventListener("change", () => hooks.commit(value()));
  if (thousands) {
    input.addEventListener("focus", () => { input.value = ungrouped(input.value); });
    input.addEventListener("blur", () => { input.value = grouped(ungrouped(input.value)); });
  }
  const control = {
    root: input, focusable: () => input, value,
    show(now) {
      const same = value() === now.value;
      known = now.value;
      if (!same || (!here() && input.value !== display(known))) input.value = display(known);
      input.readOnly = now.readonly;
    },
  };
  if (look.includes("counter")) return counter(control, input, hooks, texts);
  if (look.includes("bearing")) return { ...control, root: make("div", { class: "ci-with-unit" }, input, make("span", { class: "ci-unit", text: "°", title: texts.field.degrees })) };
  if (look.includes("url")) return withLink(control, input, texts);
  return control;
}

/** A number with buttons for one more and one less. */
function counter(control, input, hooks, texts) {
  const step = (by) => {
    if (input.readOnly) return;
    input.value = String((Number(input.value) || 0) + by);
    hooks.commit(input.value);
  };
  const button_ = (text, label, by) => make("button", { type: "button", class: "ci-btn", tabindex: "-1", text, "aria-label": label, onclick: () => step(by) });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    step(event.key === "ArrowUp" ? 1 : -1);
  });
  return { ...control, root: make("div", { class: "ci-counter" }, button_("−", texts.field.less, -1), input, button_("+", texts.field.one_more, 1)) };
}

/** A web address, and a link to it as soon as it is one. */
function withLink(control, input, texts) {
  const link = make("a", { class: "ci-btn small", target: "_blank", rel: "noopener noreferrer", text: texts.field.open_link, hidden: true });
  const say = () => {
    link.hidden = !/^https?:\/\/\S+\.\S+/i.test(input.value);
    mark(link, "href", link.hidden ? null : input.value);
  };
  input.addEventListener("input", say);
  return { ...control, root: make("div", { class: "ci-with-unit" }, input, link), show(now) { control.show(now); say(); } };
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
  const output = make("output", { id, class: "ci-output", tabindex: "-1", dir: "auto" });
  const draw = (text) => {
    if ((question.look ?? []).includes("url") && /^https?:\/\//i.test(text)) output.replaceChildren(make("a", { href: text, target: "_blank", rel: "noopener noreferrer", text }));
    else output.textContent = (question.look ?? []).includes("thousands-sep") ? grouped(text) : text;
  };
  return {
    root: output, focusable: () => output, value: () => "",
    show(now) { draw(now.value_label || now.value || "—"); },
  };
}
