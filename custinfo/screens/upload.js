// Questions that take a file: a picture, a sound, a film, a document. Drawings and signatures stand in drawing.js.

const megabytes = (size) => (size / 1024 / 1024).toFixed(1);
const CAMERAS = { new: "environment", "new-front": "user", selfie: "user" };

/** Sends what is chosen and shows what is stored; drawings use it too. */
class Upload {
  constructor(question, id, hooks, texts) {
    Object.assign(this, { kind: question.kind, hooks, texts, stored: "" });
    const camera = (question.look ?? []).map((word) => CAMERAS[word]).find(Boolean);
    this.input = make("input", { id, type: "file", accept: question.accept || null, capture: camera ?? null, "aria-label": texts.field.choose_file });
    this.input.addEventListener("change", () => { const [file] = this.input.files; if (file) this.send(file, file.name); });
    this.says = make("p", { class: "ci-hint", role: "status" });
    this.remove = make("button", { type: "button", class: "ci-btn quiet small", text: texts.field.remove_file, onclick: () => {
      this.input.value = "";
      hooks.commit("");
      this.input.focus();
    } });
    this.preview = make("div", { class: "ci-preview" });
  }

  async send(blob, name) {
    const { field } = this.texts;
    if (blob.size > LARGEST_FILE) {
      this.say(fill(field.file_large, { name, size: megabytes(blob.size), limit: megabytes(LARGEST_FILE) }), true);
      this.input.value = "";
      return;
    }
    const progress = (percent) => this.say(fill(field.file_sending, { name, percent }));
    progress(0);
    const done = await this.hooks.upload(blob, name, progress);
    this.input.value = "";
    if (done?.value) {
      this.say(fill(field.file_stored, { name: done.value }));
      this.hooks.commit(done.value);
    } else this.say(done?.problem ?? field.file_lost, true);
  }

  say(text, wrong = false) {
    this.says.textContent = text;
    this.says.classList.toggle("ci-error", wrong);
  }

  show(now) {
    this.input.hidden = now.readonly;
    this.remove.hidden = now.readonly || !now.value;
    if (now.value === this.stored && this.drawn) return;
    this.drawn = true;
    this.stored = now.value;
    this.say(now.value ? fill(this.texts.field.file_stored, { name: now.value }) : fill(this.texts.field.file_limit, { limit: megabytes(LARGEST_FILE) }));
    this.preview.replaceChildren();
    if (now.value) this.look(now.value);
  }

  async look(name) {
    const tag = { image: "img", audio: "audio", video: "video" }[this.kind];
    const url = await this.hooks.stored(name);
    if (!url || name !== this.stored) return;
    const label = fill(this.texts.field.preview, { name });
    if (tag === "img") this.preview.replaceChildren(make("img", { src: url, alt: label }));
    else if (tag) this.preview.replaceChildren(make(tag, { src: url, controls: true, "aria-label": label }));
    else this.preview.replaceChildren(make("a", { href: url, download: name, text: name }));
  }
}

function uploadControl(question, id, hooks, texts) {
  if (["draw", "signature", "annotate"].some((word) => (question.look ?? []).includes(word))) return drawingControl(question, id, hooks, texts);
  const upload = new Upload(question, id, hooks, texts);
  return {
    root: make("div", { class: "ci-upload" }, upload.preview, upload.input, make("div", { class: "ci-row" }, upload.says, upload.remove)),
    focusable: () => upload.input, value: () => upload.stored, show: (now) => upload.show(now),
  };
}
