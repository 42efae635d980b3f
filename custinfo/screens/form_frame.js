// Around the questions: the head with the form's language and the time of the interview, and the bar at the foot.

/** `on` holds what the frame's controls do: speak, interviewed, help, turn, nextError, submit. */
class Frame {
  constructor(page, texts, on) {
    this.texts = texts;
    this.title = make("h1", { class: "ci-title" });
    this.subtitle = make("p", { class: "ci-subtitle" });
    this.language = page.languages.length ? this.languagePicker(page, on) : null;
    this.moment = make("input", { id: fresh("i"), type: "datetime-local", "aria-describedby": "ci-interviewed-hint" });
    this.moment.addEventListener("change", () => { if (this.moment.value) on.interviewed(this.moment.value); });
    this.momentHint = make("span", { class: "ci-hint", id: "ci-interviewed-hint" });
    this.print = make("a", { class: "ci-btn quiet small", text: texts.print });
    this.head = make("header", { class: "ci-page-head ci-form-head" },
      make("div", {}, this.title, this.subtitle,
        make("p", { class: "ci-legend" }, make("span", { class: "ci-required", text: "※", "aria-hidden": "true" }), ` ${texts.legend}`)),
      make("div", { class: "ci-form-tools" },
        this.language ? make("label", { class: "ci-tool" }, make("span", { text: texts.form_language }), this.language) : null,
        make("div", { class: "ci-tool" }, make("label", { for: this.moment.id, text: texts.interviewed }), this.moment, this.momentHint),
        make("div", { class: "ci-actions" }, this.print, button(`? ${texts.keys}`, "quiet small", on.help))));
    this.reason = this.changeField(page.change);
    this.note = make("span", { class: "ci-toolbar-note", role: "status" });
    this.bar = make("span");
    this.left = make("span", { class: "ci-muted" });
    this.next = button(texts.next_error, "quiet", on.nextError, { hidden: true, title: "Alt+N" });
    this.pager = pager(texts, on.turn);
    this.submit = button(texts.submit, "primary", on.submit, { title: "Ctrl+Enter" });
    this.toolbar = make("div", { class: "ci-toolbar", role: "group", "aria-label": texts.submit },
      make("div", { class: "ci-form-progress" }, this.note, make("div", { class: "ci-progress", "aria-hidden": "true" }, this.bar), this.left),
      make("div", { class: "ci-actions" }, this.next, this.pager.before, this.submit, this.pager.next));
    // What is focused must not lie under the bar
    this.watch = new ResizeObserver(() => { document.documentElement.style.scrollPaddingBottom = `${this.toolbar.offsetHeight + 12}px`; });
    this.watch.observe(this.toolbar);
  }

  close() {
    this.watch.disconnect();
    document.documentElement.style.scrollPaddingBottom = "";
  }

  languagePicker(page, on) {
    const select = make("select", { title: "Alt+L" }, ...page.languages.map(({ code, name }) => make("option", { value: code, text: name })));
    select.addEventListener("change", () => on.speak(select.value));
    return select;
  }

  /** Where the reason for a change is given: `wanted`, `possible` or not at all. */
  changeField(change) {
    if (!change) return null;
    const id = fresh("w");
    const input = make("input", { id, type: "text", autocomplete: "off", maxlength: 2000, "aria-required": change === "wanted" ? "true" : null, "aria-describedby": `${id}-hint` });
    const hint = make("p", { class: "ci-hint", id: `${id}-hint`, text: this.texts.change_hint });
    const root = make("section", { class: "ci-card ci-change" }, make("div", { class: "ci-card-body ci-field" },
      make("label", { class: "ci-label", for: id }, this.texts.change, change === "wanted" ? make("span", { class: "ci-required", text: " ※", "aria-hidden": "true" }) : ""), hint, input));
    input.addEventListener("input", () => { mark(input, "aria-invalid", null); hint.textContent = this.texts.change_hint; });
    return { root, input, want: () => { mark(input, "aria-invalid", "true"); hint.textContent = this.texts.change_wanted; input.focus(); } };
  }

  /** What the kernel says of the whole form; the time of the interview stays while the browser has a newer one. */
  show(page, held) {
    this.title.textContent = page.title;
    this.subtitle.textContent = page.subtitle;
    this.subtitle.hidden = !page.subtitle;
    if (this.language) this.language.value = page.language;
    if (!held) this.moment.value = page.interviewed;
    this.moment.max = page.latest;
    this.momentHint.textContent = this.texts.interviewed_hint;
    this.drafted(page);
  }

  drafted({ print, draft }) { mark(this.print, "href", local(print + (draft ? `?draft=${encodeURIComponent(draft.id)}` : ""))); }

  refuseMoment(words) {
    mark(this.moment, "aria-invalid", "true");
    this.momentHint.textContent = words;
    this.momentHint.classList.add("ci-error");
  }

  momentTaken() {
    mark(this.moment, "aria-invalid", null);
    this.momentHint.classList.remove("ci-error");
    this.momentHint.textContent = this.texts.interviewed_hint;
  }

  /** Where saving stands and how much is done. `tallies` are [questions, answered, lacking, wrong] of each section. */
  state(page, { alive, waiting, refused, savedAt }) {
    const { texts } = this;
    this.note.textContent = !alive ? texts.unsaved_lost
      : waiting ? texts.saving
        : refused ? fill(texts.unsaved_refused, { n: refused }) : savedAt ? fill(texts.saved, { time: savedAt }) : page.notice ? texts.nothing_kept : texts.unsaved_none;
    const [all, answered, required, wrong] = page.tallies.reduce((sums, tally) => sums.map((sum, n) => sum + tally[n]), [0, 0, 0, 0]);
    this.bar.style.width = `${all ? Math.round((100 * answered) / all) : 0}%`;
    this.left.textContent = fill(required ? texts.progress : texts.progress_done, { all, answered, required });
    this.next.hidden = !wrong && !page.summary;
    const more = this.pager.show(page);
    this.submit.classList.toggle("primary", !more);
  }
}
