// Drawings, signatures and pictures that are drawn upon: a canvas for finger, pen or mouse, and a way without any of them.

const CANVAS = { draw: [600, 400], annotate: [600, 400], signature: [600, 180] };
const INK = "#12343a";

class Drawing {
  constructor(look, texts) {
    [this.canvas, this.texts] = [make("canvas", { class: "ci-canvas", role: "img" }), texts];
    [this.canvas.width, this.canvas.height] = CANVAS[look];
    const instead = look === "signature" ? texts.field.sign_instead : texts.field.draw_instead;
    mark(this.canvas, "aria-label", fill(texts.field.drawing_area, { instead }));
    this.brush = this.canvas.getContext("2d");
    this.clear();
    this.canvas.addEventListener("pointerdown", (event) => this.begin(event));
    this.canvas.addEventListener("pointermove", (event) => this.stroke(event));
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, () => { this.drawing = false; });
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * this.canvas.width) / box.width, ((event.clientY - box.top) * this.canvas.height) / box.height];
  }

  begin(event) {
    if (this.readonly) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.drawing = this.touched = true;
    this.brush.beginPath();
    this.brush.moveTo(...this.at(event));
    this.onstroke?.();
  }

  stroke(event) {
    if (!this.drawing) return;
    this.brush.lineTo(...this.at(event));
    this.brush.stroke();
  }

  clear() {
    Object.assign(this.brush, { fillStyle: "#fff", strokeStyle: INK, lineWidth: 3, lineCap: "round", lineJoin: "round" });
    this.brush.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.touched = false;
  }

  /** Write a name across the canvas. */
  write(name) {
    this.clear();
    const { width, height } = this.canvas;
    const size = Math.min(72, (1.6 * width) / Math.max(name.length, 1));
    Object.assign(this.brush, { fillStyle: INK, font: `italic ${size}px cursive`, textAlign: "center", textBaseline: "middle" });
    this.brush.fillText(name, width / 2, height / 2, width - 40);
  }

  /** Put a picture under the brush. */
  async lay(blob) {
    const picture = await createImageBitmap(blob);
    const scale = Math.min(this.canvas.width / picture.width, this.canvas.height / picture.height);
    this.clear();
    this.brush.drawImage(picture, 0, 0, picture.width * scale, picture.height * scale);
    this.touched = true;
  }

  blob() { return new Promise((resolve) => { this.canvas.toBlob(resolve, "image/png"); }); }
}

function drawingControl(question, id, hooks, texts) {
  const look = ["signature", "annotate", "draw"].find((word) => question.look.includes(word));
  const upload = new Upload(question, look === "signature" ? `${id}-file` : id, hooks, texts);
  const drawing = new Drawing(look, texts);
  const send = async () => upload.send(await drawing.blob(), `${look}.png`);
  const keep = make("button", { type: "button", class: "ci-btn small", text: texts.field.use_drawing, onclick: send, disabled: true });
  const again = make("button", { type: "button", class: "ci-btn quiet small", text: texts.field.clear_drawing, onclick: () => { drawing.clear(); keep.disabled = true; } });
  drawing.onstroke = () => { keep.disabled = false; };
  const name = look === "signature" ? make("input", { id, type: "text", autocomplete: "off", placeholder: texts.field.type_name, "aria-label": texts.field.type_name }) : null;
  name?.addEventListener("change", () => { if (name.value.trim()) { drawing.write(name.value.trim()); send(); } });
  if (look === "annotate") {
    upload.input.addEventListener("change", async (event) => {
      event.stopImmediatePropagation();
      const [file] = upload.input.files;
      if (!file) return;
      try { await drawing.lay(file); keep.disabled = false; } catch { upload.say(texts.field.file_lost, true); }
    }, { capture: true });
  }
  const tools = make("div", { class: "ci-actions" }, keep, again);
  return {
    root: make("div", { class: "ci-upload" }, upload.preview, drawing.canvas, tools, name ?? upload.input,
      make("div", { class: "ci-row" }, upload.says, upload.remove)),
    focusable: () => name ?? upload.input, value: () => upload.stored,
    show(now) {
      drawing.readonly = now.readonly;
      drawing.canvas.hidden = tools.hidden = now.readonly || Boolean(now.value);
      if (name) name.hidden = now.readonly || Boolean(now.value);
      upload.show(now);
      if (now.value && name) upload.input.hidden = true;
    },
  };
}
