// The table of contents with the state of every section, and the way from page to page.

/** `go(ref)` turns to a page, `scroll(ref)` to a section of this one. */
class Contents {
  constructor(texts, go, scroll) {
    this.texts = texts;
    this.go = go;
    this.scroll = scroll;
    this.list = make("ol");
    this.place = make("span", { class: "ci-page-of" });
    this.root = make("nav", { class: "ci-form-toc", "aria-label": texts.contents },
      make("details", { open: window.matchMedia("(min-width: 900px)").matches },
        make("summary", {}, make("span", { text: texts.contents }), this.place), this.list));
    this.drawn = "";
  }

  /** `at` is the page shown, blank in a form of one page; `tallies` are [questions, answered, lacking, wrong]. */
  show({ sections, tallies, at }) {
    const drawn = JSON.stringify([sections, tallies, at]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const titled = sections.map((section, n) => ({ ...section, tally: tallies[n] })).filter((section) => section.label);
    this.root.hidden = titled.length < 2;
    this.place.textContent = at ? `${sections.findIndex((section) => section.ref === at) + 1}/${sections.length}` : "";
    const focused = [...this.list.querySelectorAll("a")].indexOf(document.activeElement);
    this.list.replaceChildren(...titled.map((section) => this.line(section, at)));
    if (focused >= 0) this.list.querySelectorAll("a")[focused]?.focus();
    const here = this.list.querySelector("[aria-current]");
    if (here && this.list.scrollHeight > this.list.clientHeight) {
      this.list.scrollTop = here.offsetTop - this.list.offsetTop - this.list.clientHeight / 2;
    }
  }

  line({ ref, label, depth, tally: [all, answered, lacking, wrong] }, at) {
    const done = all > 0 && answered === all && !wrong;
    const state = wrong ? fill(this.texts.section_wrong, { n: wrong }) : lacking ? fill(this.texts.section_left, { n: lacking }) : done ? "✓" : "";
    const look = wrong ? "danger" : done ? "ok" : "";
    return make("li", {}, make("a", {
      href: "#", class: `depth-${Math.min(depth, 3)}`, "aria-current": at && ref === at ? "page" : null,
      onclick: (event) => { event.preventDefault(); if (at) this.go(ref); else this.scroll(ref); },
    }, make("span", { text: plainWords(label) }), state ? make("span", { class: `ci-toc-state ${look}`, "aria-hidden": done ? "true" : null, text: state }) : null,
    done ? make("span", { class: "ci-hidden-visually", text: this.texts.state_done }) : null));
  }
}

/** The buttons to the page before and after, with where that is. `turn(step)` turns. */
function pager(texts, turn) {
  const before = button(texts.previous_page, "", () => turn(-1), { title: "Alt+PageUp" });
  const next = button(texts.next_page, "primary", () => turn(1), { title: "Alt+PageDown" });
  return {
    before, next,
    /** Whether there is a page after this one. */
    show({ sections, at }) {
      const place = sections.findIndex((section) => section.ref === at);
      before.hidden = !at;
      before.disabled = place <= 0;
      next.hidden = !at || place === sections.length - 1;
      return !next.hidden;
    },
  };
}
