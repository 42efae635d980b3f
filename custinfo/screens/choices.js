// Choices that stand open: radio buttons and check boxes, alone, in columns, on a scale, or folded under one line.

const TWO_DIGITS = 700; // ms that a first digit waits for a second one, in lists of ten and more

/** Digits typed inside `root` pick: pick(n) is called with 0 for the first. */
function numberKeys(root, count, pick) {
  let typed = "";
  let timer = null;
  const take = () => {
    clearTimeout(timer);
    const n = Number(typed) - 1;
    typed = "";
    if (n >= 0 && n < count()) pick(n);
  };
  root.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented || !/^\d$/.test(event.key)) return;
    if (event.target.matches("input:not([type=radio], [type=checkbox]), textarea")) return;
    event.preventDefault();
    typed += event.key;
    clearTimeout(timer);
    if (typed.length >= String(count()).length || Number(typed) * 10 > count()) take();
    else timer = setTimeout(take, TWO_DIGITS);
  });
}

/** Go on to the next question, as Enter does. */
function advance(node) {
  node.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
}

/** Lay the choices out as the form asks. */
function layOut(root, look, choices) {
  const columns = look.map((word) => /^(?:columns|compact)-(\d+)$/.exec(word)).find(Boolean);
  const has = (...words) => words.some((word) => look.includes(word));
  root.classList.toggle("columns", Boolean(columns) || has("columns", "compact", "quickcompact"));
  root.classList.toggle("pack", has("columns-pack", "horizontal-compact"));
  root.classList.toggle("likert", has("likert"));
  root.classList.toggle("bare", has("no-buttons", "compact", "quickcompact") || look.some((word) => word.startsWith("compact-")));
  const plain = !look.some((word) => /^(columns|compact|likert)/.test(word));
  root.classList.toggle("inline", has("horizontal", "list", "list-nolabel") || (plain && choices.every((choice) => choice.label.length <= 6)));
  if (columns) root.style.setProperty("--ci-columns", columns[1]);
  if (has("likert")) root.style.setProperty("--ci-columns", String(choices.length));
}

function choiceNode(choice, n, total, { type, name, id }, texts, hooks) {
  const words = make("span", { class: "ci-choice-words", dir: "auto" });
  writeWords(words, choice.label);
  const input = make("input", { type, name, value: choice.value, id: n === 0 ? id : `${id}-${n}` });
  const { image, "big-image": big, ...played } = choice.media ?? {};
  const label = make("label", { class: "ci-choice" }, input,
    image ? mediaBox({ image }, words.textContent, texts, hooks) : null, words,
    total < 100 ? make("span", { class: "ci-choice-key", "aria-hidden": "true", text: String(n + 1) }) : null);
  if (!Object.keys(played).length && !big) return label;
  const beside = big ? { ...played, image: big, "big-image": big } : played;
  return make("div", { class: "ci-choice-media" }, label, mediaBox(beside, words.textContent, texts, hooks));
}

function choiceControl(question, id, hooks, texts) {
  const many = question.kind === "checks" || question.kind === "multiselect";
  const type = many ? "checkbox" : "radio";
  const look = question.look ?? [];
  const quick = !many && (look.includes("quick") || look.includes("quickcompact"));
  const root = make("div", { class: "ci-choices" });
  let drawn = "";
  const inputs = () => [...root.querySelectorAll("input")];
  const value = () => inputs().filter((input) => input.checked).map((input) => input.value).join(" ");
  const clear = () => {
    for (const input of inputs()) input.checked = false;
    hooks.commit("");
  };
  const pick = (n) => {
    const input = inputs()[n];
    if (!input || input.disabled) return;
    input.focus();
    input.click();
    if (quick) advance(input);
  };
  root.addEventListener("change", () => hooks.commit(value()));
  root.addEventListener("click", (event) => {
    if (quick && event.detail > 0 && event.target.matches("input:checked")) advance(event.target);
  });
  root.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Delete" && value() && !inputs()[0].disabled) clear();
    else if (root.closest(".ci-grid")) moveInGrid(event, root);
  });
  numberKeys(root, () => inputs().length, pick);
  const unset = make("button", { type: "button", class: "ci-btn quiet small ci-clear", text: texts.clear, onclick: () => {
    clear();
    inputs()[0].focus();
  } });
  const draw = (choices) => root.replaceChildren(...choices.map((choice, n) => (
    choiceNode(choice, n, choices.length, { type, name: id, id }, texts, hooks))), many ? "" : unset);
  return {
    root, value, pick, count: () => inputs().length,
    focusable: () => root.querySelector("input:checked") ?? root.querySelector("input") ?? root,
    show(now) {
      const wanted = JSON.stringify(now.choices);
      if (wanted !== drawn) { draw(now.choices); drawn = wanted; layOut(root, look, now.choices); }
      const chosen = new Set(many ? now.value.split(" ") : [now.value]);
      for (const input of inputs()) {
        input.checked = input.value !== "" && chosen.has(input.value);
        input.disabled = now.readonly && !input.checked;
      }
      unset.hidden = now.required || now.readonly || !now.value;
    },
  };
}

/** Check boxes folded under a line that says what is chosen. */
function multiselectControl(question, id, hooks, texts) {
  const inner = choiceControl(question, id, hooks, texts);
  const line = make("summary", { class: "ci-multi-line" });
  const root = make("details", { class: "ci-multi" }, line, inner.root);
  numberKeys(line, inner.count, (n) => { root.open = true; inner.pick(n); });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && root.open) { event.stopPropagation(); root.open = false; line.focus(); }
  });
  const say = (now, chosen) => {
    const labels = now.choices.filter((choice) => chosen.has(choice.value)).map((choice) => plainWords(choice.label));
    line.textContent = labels.length ? labels.join(texts.field.comma) : texts.field.choices_none;
  };
  let shown = question;
  inner.root.addEventListener("change", () => say(shown, new Set(inner.value().split(" "))));
  return {
    root, value: inner.value, focusable: () => line,
    show(now) { shown = now; inner.show(now); say(now, new Set(now.value.split(" "))); },
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
          ...now.choices.map((choice) => make("option", { value: choice.value, text: plainWords(choice.label) })));
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

/** Several choices out of a long list: a box to search in, and what is chosen above it. */
function tagsControl(question, id, hooks, texts) {
  const labels = new Map();
  let values = [];
  const list = make("ul", { class: "ci-tags", "aria-label": texts.field.chosen_list });
  const find = async (query) => {
    const found = await hooks.choices(query);
    for (const item of found.items) labels.set(item.value, item.label);
    return { ...found, items: found.items.filter((item) => !values.includes(item.value)) };
  };
  const box = combobox({ id, texts: { ...texts, search_list: texts.field.add_choice }, stays: true, find, onpick: (value) => {
    if (!value) return;
    hooks.commit([...values, value].join(" "));
    if (labels.has(value)) {
      values = [...values, value];
      box.set("", "");
      draw(false);
    }
  } });
  const remove = (value) => {
    values = values.filter((one) => one !== value);
    draw(false);
    hooks.commit(values.join(" "));
    box.input.focus();
  };
  const draw = (readonly) => {
    list.hidden = !values.length;
    list.replaceChildren(...values.map((value) => {
      const label = labels.get(value) ?? value;
      return make("li", { class: "ci-tag" }, make("span", { text: label, dir: "auto" }), readonly ? null : make("button", {
        type: "button", "aria-label": fill(texts.field.remove_choice, { label }), text: "×", onclick: () => remove(value) }));
    }));
  };
  box.input.addEventListener("keydown", (event) => {
    if (event.key === "Backspace" && !box.input.value && values.length) remove(values.at(-1));
  });
  return {
    root: make("div", {}, list, box.root), focusable: () => box.input, value: () => values.join(" "),
    show(now) {
      values = now.value ? now.value.split(" ") : [];
      (now.chosen ?? []).forEach((label, n) => { if (values[n]) labels.set(values[n], label); });
      box.root.hidden = now.readonly;
      draw(now.readonly);
    },
  };
}
