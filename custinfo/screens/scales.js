// Ranges: a slider, stars, or a list to pick from.

/** All values of a range, as the form would write them. */
function stepsOf({ start, end, step }) {
  const [from, to, by] = [start, end, step].map(Number);
  const digits = Math.max(...[start, step].map((text) => (String(text).split(".")[1] ?? "").length));
  const count = Math.floor(Math.abs((to - from) / by) + 1e-9);
  return Array.from({ length: count + 1 }, (_, n) => (from + n * Math.sign(to - from || 1) * Math.abs(by)).toFixed(digits));
}

const MOST_TICKS = 21;

function rangeControl(question, id, hooks, texts) {
  const look = question.look ?? [];
  const [low, high] = [question.start, question.end].map(Number).sort((a, b) => a - b);
  const backwards = Number(question.start) > Number(question.end);
  const steps = stepsOf(question);
  const ticks = !look.includes("no-ticks") && steps.length <= MOST_TICKS
    ? make("datalist", { id: `${id}-ticks` }, ...steps.map((value) => make("option", { value }))) : null;
  const input = make("input", {
    id, type: "range", min: low, max: high, step: Math.abs(Number(question.step)) || "any", list: ticks?.id,
    dir: backwards ? "rtl" : null,
  });
  const output = make("output", { for: id, class: "ci-num" });
  const ends = make("span", { class: "ci-range-ends", "aria-hidden": "true" },
    make("span", { text: question.start }), make("span", { text: question.end }));
  const blank = () => input.classList.contains("blank");
  const say = () => {
    output.textContent = blank() ? "—" : input.value;
    mark(input, "aria-valuetext", blank() ? texts.field.blank : input.value);
  };
  const touch = () => { input.classList.remove("blank"); say(); };
  input.addEventListener("input", () => { touch(); hooks.typing(input.value); });
  input.addEventListener("change", () => { touch(); hooks.commit(input.value); });
  input.addEventListener("click", () => { if (blank()) { touch(); hooks.commit(input.value); } });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Delete" && !blank()) { input.classList.add("blank"); say(); hooks.commit(""); }
    else if (event.key === " " && blank()) { event.preventDefault(); touch(); hooks.commit(input.value); }
  });
  return {
    root: make("div", { class: `ci-range ${look.includes("vertical") ? "vertical" : ""}` },
      make("span", { class: "ci-range-track" }, input, ends, ticks), output),
    focusable: () => input,
    value: () => (blank() ? "" : input.value),
    show(now) {
      input.classList.toggle("blank", now.value === "");
      input.value = now.value === "" ? question.start : now.value;
      input.disabled = now.readonly;
      say();
    },
  };
}

function ratingControl(question, id, hooks, texts) {
  const steps = stepsOf(question);
  const choices = steps.map((value) => ({ value, label: value }));
  const inner = choiceControl({ ...question, kind: "radio", look: ["columns-pack"] }, id, hooks, texts);
  inner.root.classList.add("ci-stars");
  const colour = () => {
    const at = steps.indexOf(inner.value());
    inner.root.querySelectorAll(".ci-choice").forEach((star, n) => star.classList.toggle("lit", n <= at));
  };
  inner.root.addEventListener("change", colour);
  return {
    ...inner,
    show(now) {
      inner.show({ ...now, choices });
      inner.root.querySelectorAll("input").forEach((input, n) => mark(input, "aria-label", fill(texts.field.stars, { n: steps[n], all: steps.at(-1) })));
      colour();
    },
  };
}

function pickerControl(question, id, hooks, texts) {
  const inner = selectControl(question, id, hooks, texts);
  const choices = stepsOf(question).map((value) => ({ value, label: value }));
  return { ...inner, show(now) { inner.show({ ...now, choices }); } };
}
