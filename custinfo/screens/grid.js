// Questions that share their choices, as a table: the choices stand once at its head, a question is a row.

/** The box of a table. `item.grid` holds the choices; the rows are ordinary questions that the page puts into `body`. */
function gridBox(item, texts, hooks) {
  const id = fresh("g");
  const title = make("h3", { class: "ci-section" });
  const head = make("div", { class: "ci-grid-head", "aria-hidden": "true" });
  const body = make("div", { class: "ci-grid-body" });
  const table = make("div", { class: "ci-grid" }, head, body);
  const root = make("section", { id, class: "ci-subgroup wide" }, title, make("div", { class: "ci-grid-scroller" }, table));
  let drawn = "";
  return {
    root, body, id,
    show(now) {
      writeWords(title, now.label);
      title.hidden = !now.label;
      const wanted = JSON.stringify(now.grid);
      if (wanted === drawn) return;
      drawn = wanted;
      table.style.setProperty("--ci-columns", String(now.grid.length));
      head.replaceChildren(make("span"), ...now.grid.map((choice) => {
        const cell = make("span", { dir: "auto" });
        writeWords(cell, choice.label);
        if (choice.media?.image) cell.prepend(mediaBox({ image: choice.media.image }, choice.label, texts, hooks));
        return cell;
      }));
    },
  };
}

/** Up and down go to the same column of the row above or below, without choosing there. */
function moveInGrid(event, root) {
  if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
  const rows = [...root.closest(".ci-grid").querySelectorAll(".ci-choices")];
  const column = [...root.querySelectorAll("input")].indexOf(event.target);
  const next = rows[rows.indexOf(root) + (event.key === "ArrowDown" ? 1 : -1)];
  event.preventDefault();
  next?.querySelectorAll("input")[column]?.focus();
}

/** Lay the children of a group out on its grid of units, where the form gives any. */
function spreadUnits(body, item) {
  body.classList.toggle("units", Boolean(item.units));
  if (item.units) body.style.setProperty("--ci-units", String(item.units));
}
