// One question: label, hint, control, problem. Every kind of control answers to the same four names:
// root (element), focusable() (what takes the focus), show(description) and value() (text; choices of many parted by spaces).

const CONTROLS = {
  radio: choiceControl, checks: choiceControl, multiselect: multiselectControl, select: selectControl,
  combobox: comboControl, tags: tagsControl, rank: rankControl,
  range: rangeControl, rating: ratingControl, picker: pickerControl,
  acknowledge: acknowledgeControl, output: outputControl, barcode: barcodeControl,
  geopoint: geopointControl, geotrace: pathControl, geoshape: pathControl,
  image: uploadControl, audio: uploadControl, video: uploadControl, file: uploadControl,
};
const TYPED = new Set(["text", "multiline", "integer", "decimal", "date", "month", "year", "time", "datetime", "barcode", "unsupported", "geopoint", "geotrace", "geoshape"]);
const RADIOS = new Set(["radio", "rating"]);
/** Kinds of several controls: a fieldset around them carries the question. */
const GROUPED = new Set([...RADIOS, "checks", "multiselect", "rank", "geopoint", "geotrace", "geoshape", "image", "audio", "video", "file"]);
const WITHOUT_REQUIRED = new Set(["output", "range"]); // roles that know no aria-required

/** What stands between label and control: hint, guidance and media. */
function helpBox(id, texts, hooks) {
  const hint = make("p", { class: "ci-hint", id: `${id}-hint`, dir: "auto" });
  const guidance = make("p", { class: "ci-hint", dir: "auto" });
  const fold = make("details", { class: "ci-guidance" }, make("summary", { text: texts.field.more }), guidance);
  const media = mediaPlace(texts, hooks);
  const root = make("div", { class: "ci-q-help" }, hint, fold, media.root);
  return {
    root, id: hint.id,
    show(now) {
      writeWords(hint, now.hint ?? "");
      hint.hidden = !now.hint;
      writeWords(guidance, now.guidance ?? "");
      fold.hidden = !now.guidance;
      media.show(now.media, now.label);
      root.hidden = hint.hidden && fold.hidden && media.root.hidden;
    },
  };
}

/** The frame around a control: a fieldset for kinds of several controls, else a label and its input. */
function frameOf(question, id, texts, ...content) {
  const grouped = GROUPED.has(question.kind);
  const words = make("span", { dir: "auto" });
  const required = make("span", { class: "ci-required", title: texts.required }, make("span", { text: "※", "aria-hidden": "true" }),
    grouped && !RADIOS.has(question.kind) ? make("span", { class: "ci-hidden-visually", text: texts.required }) : null);
  const label = make(grouped ? "legend" : "label", { class: "ci-label", id: `${id}-label`, for: grouped ? null : id }, words, required);
  const root = make(grouped ? "fieldset" : "div", {
    class: `ci-field ci-q ci-q-${question.kind} ${question.wide ? "wide" : ""}`,
    role: RADIOS.has(question.kind) ? "radiogroup" : null, "aria-labelledby": grouped ? label.id : null,
  }, label, ...content);
  if (question.span) root.style.setProperty("--ci-span", String(question.span));
  root.classList.toggle("spans", Boolean(question.span));
  return { root, words, required, grouped };
}

/** A question as it stands on the page. `hooks`: typing(value), commit(value), choices(query), upload(…), stored(name), media(name). */
function field(question, texts, hooks) {
  if (question.kind === "note") return noteField(question, texts, hooks);
  const id = fresh("q");
  const help = helpBox(id, texts, hooks);
  const error = make("p", { class: "ci-error", id: `${id}-error`, hidden: true, dir: "auto" });
  const control = (CONTROLS[question.kind] ?? typedControl)(question, id, hooks, texts);
  control.root.classList.add("ci-control");
  const { root, words, required, grouped } = frameOf(question, id, texts, help.root, control.root, error);
  let shown = question;
  let visible = false;

  const showProblem = () => {
    visible = Boolean(shown.problem);
    error.hidden = !visible;
    error.textContent = shown.problem ?? "";
    mark(root, "data-state", visible ? (shown.soft ? "warn" : "error") : null);
    const bearer = grouped ? root : control.focusable();
    mark(bearer, "aria-invalid", visible && !shown.soft ? "true" : null);
    mark(bearer, "aria-describedby", [shown.hint && help.id, visible && error.id].filter(Boolean).join(" ") || null);
  };
  root.addEventListener("focusout", () => setTimeout(() => { if (!root.contains(document.activeElement)) showProblem(); }));

  const self = {
    root, kind: question.kind, typed: TYPED.has(question.kind),
    focus() { control.focusable().focus(); root.scrollIntoView({ block: "nearest" }); },
    value: control.value,
    get shown() { return shown; },
    /** Draw `now`. The value is left alone while `keep` says that the browser holds a newer one. */
    show(now, { keep = false, force = false } = {}) {
      if (!words.firstChild || shown.label !== now.label) writeWords(words, now.label);
      shown = now;
      required.hidden = !now.required;
      help.show(now);
      control.show(keep ? { ...now, value: control.value(), value_label: control.focusable().value } : now);
      if (!WITHOUT_REQUIRED.has(question.kind) && (!grouped || RADIOS.has(question.kind))) {
        mark(grouped ? root : control.focusable(), "aria-required", now.required ? "true" : null);
      }
      if (force || visible || !now.problem || !root.contains(document.activeElement)) showProblem();
    },
    showProblem,
  };
  self.show(question);
  return self;
}

function noteField(question, texts, hooks) {
  const words = make("div", { dir: "auto" });
  const help = helpBox(fresh("n"), texts, hooks);
  const root = make("div", { class: "ci-note wide" }, words, help.root);
  let shown = question;
  const self = {
    root, kind: "note", typed: false, focus() { root.scrollIntoView({ block: "nearest" }); }, value: () => "",
    get shown() { return shown; },
    show(now) { shown = now; writeWords(words, now.label); help.show(now); },
    showProblem() {},
  };
  self.show(question);
  return self;
}
