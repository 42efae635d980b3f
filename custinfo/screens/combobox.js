// A list to search in: the ARIA combobox pattern, for lists too long for radio buttons.

const PATIENCE_FOR_A_LIST = 3000;

/**
 * `find(query)` promises {items: [{value, label}], more: n}. `onpick(value)` is called with a code of the list or "".
 * What is typed and not on the list stays in the box, and `onpick` gets it as it is: the form says what is wrong with it.
 * Enter picks and goes on to the next question, or, where the box `stays`, picks and waits for another choice.
 */
function combobox({ id, texts, find, onpick, stays = false }) {
  const list = make("ul", { class: "ci-menu", role: "listbox", id: `${id}-list`, hidden: true });
  const input = make("input", {
    id, type: "text", role: "combobox", autocomplete: "off", "aria-autocomplete": "list",
    "aria-expanded": "false", "aria-controls": list.id, placeholder: texts.search_list,
  });
  const status = make("span", { class: "ci-hidden-visually", role: "status" });
  const root = make("div", { class: "ci-combo" }, input, list, status);
  let chosen = { value: "", label: "" };
  let items = [];
  let active = -1;
  let asked = 0;
  let pending = null; // the search whose answer has not come yet

  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const point = (index) => {
    active = items.length ? (index + items.length) % items.length : -1;
    [...list.querySelectorAll("[role=option]")].forEach((option, n) => {
      option.setAttribute("aria-selected", n === active ? "true" : "false");
      if (n === active) option.scrollIntoView({ block: "nearest" });
    });
    mark(input, "aria-activedescendant", active >= 0 ? `${id}-o${active}` : null);
  };
  const choose = (item) => {
    const changed = item.value !== chosen.value;
    chosen = item;
    input.value = item.label;
    close();
    if (changed) onpick(item.value);
  };
  const draw = (found) => {
    items = found.items;
    list.replaceChildren(...items.map((item, n) => make("li", {
      role: "option", id: `${id}-o${n}`, "aria-selected": "false", text: item.label,
      onmousedown: (event) => { event.preventDefault(); choose(item); },
    })));
    if (!items.length) list.append(make("li", { class: "ci-muted", role: "presentation", text: texts.nothing_found }));
    if (found.more > 0) {
      list.append(make("li", { class: "ci-muted", role: "presentation", text: fill(texts.more_found, { n: found.more }) }));
    }
    status.textContent = fill(texts.found_count, { n: items.length + (found.more || 0) });
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    active = -1;
  };
  const open = (query) => {
    asked += 1;
    const mine = asked;
    pending = find(query).then((found) => {
      if (mine !== asked) return;
      pending = null;
      if (document.activeElement !== input) return;
      draw(found);
      if (query && items.length) point(0);
    });
  };
  /**
   * Enter again, once the answer to what was typed is there: the list that still shows belongs to fewer letters.
   * Where no answer comes, what was typed is taken as it is.
   */
  const enterLater = async (event) => {
    event.preventDefault();
    event.stopPropagation();
    const mine = asked;
    await Promise.race([pending, new Promise((resolve) => { setTimeout(resolve, PATIENCE_FOR_A_LIST); })]);
    if (document.activeElement !== input || mine !== asked) return;
    if (pending) settle();
    input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
  };
  const settle = () => {
    asked += 1;
    pending = null;
    close();
    const typed = input.value.trim();
    if (typed === chosen.label) return;
    const exact = items.find((item) => item.label === typed || item.value === typed);
    if (exact) choose(exact);
    else { chosen = { value: typed, label: typed }; onpick(typed); }
  };

  input.addEventListener("input", () => open(input.value.trim()));
  input.addEventListener("click", () => { if (list.hidden && !input.readOnly) open(""); });
  input.addEventListener("blur", settle);
  input.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || input.readOnly) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) open("");
      else point(active + (event.key === "ArrowDown" ? 1 : (active < 0 ? 0 : -1)));
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      input.value = chosen.label;
      close();
    } else if (event.key === "Enter") {
      if (pending) enterLater(event);
      else if (!list.hidden && active >= 0) {
        choose(items[active]);
        if (stays) event.stopPropagation();
      }
      else settle();
    }
  });
  return {
    root, input,
    /** Show the code `value`, whose label is `label`. */
    set(value, label) {
      chosen = { value: value ?? "", label: label ?? value ?? "" };
      input.value = chosen.label;
    },
    value: () => chosen.value,
  };
}
