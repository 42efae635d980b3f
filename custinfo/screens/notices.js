// What the page says above the questions: what needs a correction, a full quota, a conflict, a link that went wrong.

/** One place for each kind of notice, so that one does not push another away. */
class Notices {
  constructor(texts) {
    this.texts = texts;
    this.summary = make("div");
    this.standing = make("div");
    this.word = make("div");
    this.quota = make("div");
    this.given = make("div");
    this.root = make("div", { class: "ci-stack ci-notices" }, this.standing, this.word, this.quota, this.given, this.summary);
    this.drawn = {};
  }

  /** A sentence, with a way on, and below it whatever else belongs to it. */
  say(text, { href, link, look = "danger" } = {}, ...more) {
    this.word.replaceChildren(make("div", { class: `ci-banner ${look}`, role: look === "danger" ? "alert" : "status" }, make("p", { text }),
      href ? make("a", { href: local(href), text: link }) : null, ...more));
    this.word.scrollIntoView({ block: "nearest" });
  }

  /** What is said for as long as the page is there. */
  stand(text) { if (text) this.standing.replaceChildren(make("div", { class: "ci-banner info", role: "note" }, make("p", { text }))); }

  hush() { this.word.replaceChildren(); }

  /** What needs a correction; `loud` when it was just asked for. It is renewed without a word while people mend it. */
  summarise(summary, jump, loud = false) {
    if (!summary) { this.summary.replaceChildren(); this.drawn.summary = ""; return; }
    const drawn = JSON.stringify(summary);
    if (!loud && drawn === this.drawn.summary) return;
    this.drawn.summary = drawn;
    const box = make("div", { class: "ci-banner danger", role: loud ? "alert" : "group", "aria-label": loud ? null : this.texts.summary },
      make("strong", { text: summary.title }),
      summary.problems.length ? make("ul", {}, ...summary.problems.map((problem) => make("li", {}, make("a", {
        href: "#", text: this.lineOf(problem), onclick: (event) => { event.preventDefault(); jump(problem.ref); },
      })))) : null,
      summary.more ? make("p", { class: "ci-hint", text: summary.more }) : null);
    this.summary.replaceChildren(box);
  }

  lineOf({ label, text }) { return label + (/[?？:：]$/.test(label) ? " " : this.texts.colon) + text; }

  /** Cells of a quota that are full already: said at once, with the way out. */
  full(lines, { jump, end }) {
    const drawn = JSON.stringify(lines);
    if (drawn === (this.drawn.full ?? "[]")) return;
    this.drawn.full = drawn;
    this.quota.replaceChildren(...(lines.length ? [make("div", { class: "ci-banner warn", role: "alert" },
      make("strong", { text: this.texts.full_title }),
      ...lines.map((line) => make("p", { text: fill(this.texts.full_line, line) })),
      make("div", { class: "ci-actions" },
        button(this.texts.end_interview, "danger", end), button(this.texts.change_answer, "", () => jump(lines[0].ref))))] : []));
  }

  /** Answers of a link that the form did not take. */
  refusals(lines) {
    this.given.replaceChildren(...(lines.length ? [make("div", { class: "ci-banner warn", role: "status" },
      make("strong", { text: this.texts.given_title }), make("ul", {}, ...lines.map((text) => make("li", { text }))))] : []));
  }

  /** Somebody else was first: what they changed, beside one's own answers. */
  conflict(message, rebase) {
    const { columns, rows } = message.compare;
    this.say(message.text, message,
      rows.length ? make("div", { class: "ci-compare", role: "region", tabindex: "0", "aria-label": this.texts.compare_title }, make("table", {},
        make("caption", { text: this.texts.compare_title }),
        make("thead", {}, make("tr", {}, ...columns.map((text) => make("th", { scope: "col", text })))),
        make("tbody", {}, ...rows.map(([label, ...sides]) => make("tr", {}, make("th", { scope: "row", text: label }),
          ...sides.map((text, n) => make("td", { class: ["ci-before", "ci-after", ""][n], text }))))))) : null,
      make("div", { class: "ci-actions" }, button(this.texts.rebase, "primary", rebase)));
  }
}

/** Ask before something that cannot be undone; resolves to whether it was wanted. */
function ask(root, text, yes, no) {
  return new Promise((resolve) => {
    const id = fresh("a");
    const dialog = make("dialog", { class: "ci-card ci-help ci-ask", "aria-labelledby": id });
    const done = (wanted) => { dialog.close(); dialog.remove(); resolve(wanted); };
    dialog.append(make("div", { class: "ci-card-body ci-stack" }, make("p", { id, text }),
      make("div", { class: "ci-actions" }, button(no, "", () => done(false), { autofocus: true }), button(yes, "danger", () => done(true)))));
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); done(false); });
    root.append(dialog);
    dialog.showModal();
  });
}
