// Whom a new customer may be the same as: open that one, or say why this is another.

/** `message` as `screens.similar` gives it; `submit` is called with the reason why it is another customer. */
function similarBox({ words, found }, submit, stay) {
  const id = fresh("s");
  const input = make("input", { id, type: "text", autocomplete: "off", maxlength: 500, "aria-required": "true", "aria-describedby": `${id}-hint` });
  const hint = make("p", { class: "ci-hint", id: `${id}-hint` });
  const send = () => {
    if (input.value.trim()) { submit(input.value.trim()); return; }
    mark(input, "aria-invalid", "true");
    hint.textContent = words.reason_wanted;
    input.focus();
  };
  input.addEventListener("input", () => { mark(input, "aria-invalid", null); hint.textContent = ""; });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    send();
  });
  const title = make("strong", { tabindex: "-1", text: words.title });
  const root = make("section", { class: "ci-banner warn ci-similar", role: "alert" }, title, make("p", { text: words.hint }),
    make("ul", {}, ...found.map(({ text, href, certain, lines }) => make("li", {},
      make("a", { href: local(href), target: "_blank", rel: "noopener", text, "aria-label": `${words.open} ${text}` }), " ",
      make("span", { class: "ci-badge", text: certain }),
      make("div", { class: "ci-hint", text: lines.join("　") })))),
    make("div", { class: "ci-field" }, make("label", { class: "ci-label", for: id, text: words.reason }), input, hint),
    make("div", { class: "ci-actions" }, button(words.another, "primary", send), button(words.stay, "", stay)));
  return { root, focus: () => { root.scrollIntoView({ block: "nearest" }); title.focus({ preventScroll: true }); } };
}
