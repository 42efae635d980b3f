// Places: one point, a line or an area, typed as numbers or taken from the browser. No map: nothing comes from outside.

const SVG = "http://www.w3.org/2000/svg";
const PARTS = ["latitude", "longitude", "altitude", "accuracy"];
const LOCATE_PATIENCE = 20_000;

/** `22.5 114.1 0 0` ↔ ["22.5", "114.1", "0", "0"]; what is not given of altitude and accuracy counts as 0. */
function pointText(parts) {
  const [latitude, longitude, altitude, accuracy] = parts.map((part) => part.trim());
  if (!latitude && !longitude && !altitude && !accuracy) return "";
  if (!latitude || !longitude) return [latitude, longitude].filter(Boolean).join(" ");
  return [latitude, longitude, altitude || "0", accuracy || "0"].join(" ");
}

function pointParts(text) {
  const parts = text.trim() ? text.trim().split(/\s+/) : [];
  return PARTS.map((_, n) => (n > 1 && Number(parts[n]) === 0 ? "" : parts[n] ?? ""));
}

/** The four boxes of one point. `typing()` is called at every key, `changed()` when one of them was left. */
function pointBoxes(id, name, texts, { typing, changed, paste }) {
  const boxes = PARTS.map((part, n) => make("input", {
    id: n ? `${id}-${part}` : id, type: "text", inputmode: "text", class: "ci-number", autocomplete: "off",
    "aria-label": name ? `${name}: ${texts.field[part]}` : texts.field[part], placeholder: texts.field[part], onchange: changed, oninput: typing,
  }));
  boxes[0].addEventListener("paste", (event) => {
    const points = event.clipboardData.getData("text").split(/[;\n]/).map((one) => one.replace(/,/g, " ").trim()).filter(Boolean);
    if (!points.every((one) => /^-?[\d.]+\s+-?[\d.]+/.test(one)) || !points.length) return;
    event.preventDefault();
    paste(points);
  });
  return {
    root: make("div", { class: "ci-point" }, ...boxes.map((box, n) => make("label", {}, make("span", { class: "ci-point-part", text: texts.field[PARTS[n]] }), box))),
    boxes, text: () => pointText(boxes.map((box) => box.value)),
    set(text, readonly) {
      pointParts(text).forEach((part, n) => { if (pointText(boxes.map((box) => box.value)) !== text || readonly) boxes[n].value = part; });
      for (const box of boxes) box.readOnly = readonly;
    },
  };
}

/** A button that asks the browser where it is; `take` gets the point as text. */
function locateButton(texts, take) {
  if (!navigator.geolocation) return null;
  const says = make("span", { class: "ci-hint", role: "status" });
  const ask = () => {
    says.textContent = texts.field.locating;
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      says.textContent = "";
      take([coords.latitude.toFixed(6), coords.longitude.toFixed(6), (coords.altitude ?? 0).toFixed(1), (coords.accuracy ?? 0).toFixed(1)].join(" "));
    }, () => { says.textContent = texts.field.no_position; }, { enableHighAccuracy: true, timeout: LOCATE_PATIENCE });
  };
  return make("div", { class: "ci-row" }, make("button", { type: "button", class: "ci-btn small", text: texts.field.locate, onclick: ask }), says);
}

function geopointControl(question, id, hooks, texts) {
  const commit = () => hooks.commit(point.text());
  const set = (text) => { point.set(text, false); commit(); };
  const point = pointBoxes(id, "", texts, {
    typing: () => hooks.typing(point.text()), changed: commit, paste: ([first]) => set(pointText(pointParts(first))),
  });
  const locate = locateButton(texts, set);
  return {
    root: make("div", { class: "ci-geo" }, point.root, locate), focusable: () => point.boxes[0], value: point.text,
    show(now) {
      if (point.text() !== now.value) point.boxes.forEach((box) => { box.value = ""; });
      point.set(now.value, now.readonly);
      if (locate) locate.hidden = now.readonly;
    },
  };
}

/** A line or an area: a list of points. An area ends where it began, which nobody has to type. */
class Path {
  constructor(question, id, hooks, texts) {
    Object.assign(this, { id, hooks, texts, closed: question.kind === "geoshape", points: [] });
    this.list = make("ol", { class: "ci-points" });
    this.sketch = make("div", { class: "ci-sketch", hidden: true });
    this.more = make("button", { type: "button", class: "ci-btn small", text: texts.field.add_point, onclick: () => this.add("").boxes[0].focus() });
    this.locate = locateButton(texts, (text) => { this.put([text]); this.commit(); });
    this.root = make("div", { class: "ci-geo" }, this.list, make("div", { class: "ci-row" }, this.more, this.locate), this.sketch);
    this.add("");
    this.add("");
  }

  add(text) {
    const number = this.points.length + 1;
    const paste = (points) => {
      this.points.slice(this.points.indexOf(point)).forEach((one) => one.set("", false));
      this.put(points);
      this.commit();
    };
    const point = pointBoxes(number === 1 ? this.id : fresh("p"), fill(this.texts.field.point, { n: number }), this.texts, {
      typing: () => this.hooks.typing(this.value()), changed: () => this.commit(), paste,
    });
    point.line = make("li", {}, point.root, make("button", {
      type: "button", class: "ci-btn quiet small", text: "×", "aria-label": fill(this.texts.field.remove_point, { n: number }), onclick: () => this.remove(point),
    }));
    point.set(text, false);
    this.points.push(point);
    this.list.append(point.line);
    return point;
  }

  /** Put points into the first lines that are blank. */
  put(texts) {
    for (const text of texts) (this.points.find((one) => !one.text()) ?? this.add("")).set(pointText(pointParts(text)), false);
  }

  remove(point) {
    const texts = this.points.filter((one) => one !== point).map((one) => one.text());
    this.reset(texts);
    this.commit();
    this.points[0].boxes[0].focus();
  }

  reset(texts) {
    this.points = [];
    this.list.replaceChildren();
    for (const text of [...texts, ...["", ""].slice(Math.min(texts.length, 2))]) this.add(text);
  }

  commit() { this.draw(); this.hooks.commit(this.value()); }

  value() {
    const texts = this.points.map((one) => one.text()).filter(Boolean);
    if (this.closed && texts.length > 2 && texts[0] !== texts.at(-1)) texts.push(texts[0]);
    return texts.join("; ");
  }

  show(now) {
    const texts = now.value.split(";").map((one) => one.trim()).filter(Boolean);
    if (this.value() !== texts.join("; ")) {
      if (this.closed && texts.length > 3 && texts[0] === texts.at(-1)) texts.pop();
      this.reset(texts);
    }
    for (const { boxes, line } of this.points) {
      for (const box of boxes) box.readOnly = now.readonly;
      line.querySelector("button").hidden = now.readonly;
    }
    this.more.hidden = now.readonly;
    this.draw();
  }

  draw() {
    const places = this.points.map((one) => one.text().split(" ").map(Number)).filter(([y, x]) => Number.isFinite(y) && Number.isFinite(x));
    this.sketch.hidden = places.length < 2;
    if (places.length > 1) this.sketch.replaceChildren(sketchOf(places, this.closed, fill(this.texts.field.sketch_points, { n: places.length })));
  }
}

/** The points as a line drawing, north up, without a map. */
function sketchOf(places, closed, label) {
  const narrow = Math.cos((places[0][0] * Math.PI) / 180) || 1;
  const [xs, ys] = [places.map(([, x]) => x * narrow), places.map(([y]) => -y)];
  const size = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys)) || 1;
  const at = (n) => [10 + (80 * (xs[n] - Math.min(...xs))) / size, 10 + (80 * (ys[n] - Math.min(...ys))) / size];
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 100 100", role: "img", "aria-label": label })) svg.setAttribute(name, value);
  const line = document.createElementNS(SVG, closed && places.length > 2 ? "polygon" : "polyline");
  line.setAttribute("points", places.map((_, n) => at(n).map((part) => part.toFixed(2)).join(",")).join(" "));
  svg.append(line, ...places.map((_, n) => {
    const dot = document.createElementNS(SVG, "circle");
    const [x, y] = at(n);
    for (const [name, value] of Object.entries({ cx: x.toFixed(2), cy: y.toFixed(2), r: n ? 2 : 3 })) dot.setAttribute(name, value);
    return dot;
  }));
  return svg;
}

function pathControl(question, id, hooks, texts) {
  const path = new Path(question, id, hooks, texts);
  return { root: path.root, focusable: () => path.points[0].boxes[0], value: () => path.value(), show: (now) => path.show(now) };
}
