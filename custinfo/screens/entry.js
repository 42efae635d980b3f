// A small form on a page of blocks: labelled inputs and one button. Files go to the kernel in pieces, like answers.

const ENTRY_KINDS = { text: "input", multiline: "textarea", select: "select", file: "input", datetime: "input", date: "input", check: "input", password: "input", code: "input" };
const ENTRY_TYPES = { text: "text", file: "file", datetime: "datetime-local", date: "date", check: "checkbox", password: "password", code: "text" };
const ENTRY_SECRET = { password: "current-password", code: "one-time-code" };

function entryInput(field, id) {
  const tag = ENTRY_KINDS[field.kind] ?? "input";
  const input = make(tag, {
    id, name: field.name, type: ENTRY_TYPES[field.kind], required: field.required, accept: field.accept, multiple: field.multiple,
    rows: tag === "textarea" ? 3 : null, "aria-describedby": field.hint ? `${id}-hint` : null,
    class: field.kind === "check" ? null : "ci-input", autocomplete: ENTRY_SECRET[field.kind] ?? "off",
    maxlength: field.kind === "code" ? 20 : null,
  });
  if (tag === "select") input.append(...field.options.map((one) => make("option", { value: one.value, text: one.label })));
  if (field.kind === "check") input.checked = field.value === "yes";
  else if (field.kind !== "file" && !ENTRY_SECRET[field.kind] && field.value) input.value = field.value;
  return input;
}

function entryValue(input) {
  return input.type === "checkbox" ? input.checked : input.value;
}

function entryField(field) {
  const id = fresh("entry");
  const input = entryInput(field, id);
  const label = make("label", { for: id, class: "ci-label", text: field.label },
    field.required ? make("span", { class: "ci-required", text: "※", "aria-hidden": "true" }) : null);
  const hint = field.hint ? make("p", { class: "ci-hint", id: `${id}-hint`, text: field.hint }) : null;
  const check = field.kind === "check";
  return { field, input, given: entryValue(input), root: make("div", { class: `ci-field ${check ? "ci-entry-check" : ""}` }, ...(check ? [input, label] : [label, input]), hint) };
}

/** What was typed into an entry that was not sent yet stays when the page is drawn anew around it. */
function carryOver(old, now, sheet) {
  if (old.root.open) now.root.open = true;
  if (document.activeElement?.parentElement === old.root && old.root.open !== undefined) sheet.refocus = now.root.firstChild;
  for (const { field, input } of now.fields) {
    const before = old.fields.find((one) => one.field.name === field.name && one.field.kind === field.kind);
    if (!before) continue;
    if (field.kind === "file") input.files = before.input.files;
    else if (entryValue(before.input) !== before.given) input[field.kind === "check" ? "checked" : "value"] = entryValue(before.input);
    if (before.input === document.activeElement) sheet.refocus = input;
  }
}

/** Send the files of an entry; gives {name: [ids]}, or null when one of them did not arrive. */
async function sendFiles(fields, sheet, say) {
  const sent = {};
  for (const { field, input } of fields.filter((one) => one.field.kind === "file")) {
    sent[field.name] = [];
    for (const file of input.files) {
      const reply = await sheet.files.upload(field.name, file, file.name, (done) => say(`${file.name} ${done} %`));
      if (!reply?.value) { say(reply?.problem ?? sheet.texts.lost); return null; }
      sent[field.name].push(reply.value);
    }
  }
  return sent;
}

function drawEntry(block, sheet) {
  const fields = block.fields.map(entryField);
  const status = make("p", { class: "ci-hint", role: "status" });
  const press = make("button", { type: "submit", class: `ci-btn ${block.look ?? "primary"}`, text: block.submit, "data-key": block.event });
  const send = async (event) => {
    event.preventDefault();
    if (press.getAttribute("aria-busy")) return;
    mark(press, "aria-busy", "true");
    const files = await sendFiles(fields, sheet, (words) => { status.textContent = words; });
    mark(press, "aria-busy", null);
    if (!files) return;
    const values = Object.fromEntries(fields.filter((one) => one.field.kind !== "file")
      .map(({ field, input }) => [field.name, field.kind === "check" ? (input.checked ? "yes" : "") : input.value]));
    entry.sent = true;
    sheet.event(block.event, { ...values, ...files, about: block.value });
    for (const { field, input } of fields) if (ENTRY_SECRET[field.kind]) input.value = "";
  };
  const form = make("form", { class: `ci-entry ci-stack ${block.inline ? "inline" : ""}`, "aria-label": block.label ?? block.submit, onsubmit: send },
    ...fields.map((one) => one.root), status, make("div", { class: "ci-actions" }, press));
  const root = block.folded ? make("details", { class: "ci-entry-folded" }, make("summary", { text: block.folded }), form) : form;
  const entry = { fields, root, sent: false };
  const key = JSON.stringify([block.event, block.value ?? null]);
  const former = sheet.former.get(key);
  if (former && !former.sent) carryOver(former, entry, sheet);
  sheet.entries.set(key, entry);
  return root;
}

/** Give the reader a file that the kernel sent. */
function saveFile({ name, type }, bytes) {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  const link = make("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
