// A month as a table of weeks: in each day what is on, as links where it leads somewhere.

function drawMonth(block) {
  const heads = block.weekdays.map((text) => make("th", { scope: "col", text }));
  const words = (one) => [make("span", { text: `${one.text} ` }), make("span", { class: "ci-nowrap", text: one.more })];
  const entry = (one) => make("li", {}, one.href
    ? make("a", { href: local(one.href), class: `ci-month-entry ${one.look}`, "aria-label": one.name }, ...words(one))
    : make("span", { class: `ci-month-entry ${one.look}`, title: one.name }, ...words(one)));
  const look = (one) => ["rest", "outside", "none"].filter((name) => one[name]).join(" ");
  const day = (one) => make("td", { class: look(one) || null, "aria-current": one.today ? "date" : null },
    make("time", { datetime: one.date, text: one.day }),
    one.entries.length ? make("ul", {}, ...one.entries.map(entry)) : null);
  return make("div", { class: "ci-table-wrap", role: "group", tabindex: "0", "aria-label": block.caption }, make("table", { class: "ci-month" },
    make("caption", { class: "ci-hidden-visually", text: block.caption }), make("thead", {}, make("tr", {}, ...heads)),
    make("tbody", {}, ...block.weeks.map((week) => make("tr", {}, ...week.map(day))))));
}
