// A barcode: typed, by a hand scanner (which types), or seen by the camera where the browser can read codes.

const LOOK_EVERY = 250;

function barcodeControl(question, id, hooks, texts) {
  const typed = typedControl({ ...question, look: [] }, id, hooks, texts);
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices) return typed;
  const facing = (question.look ?? []).includes("front") ? "user" : "environment";
  const says = make("span", { class: "ci-hint", role: "status" });
  const scan = make("button", { type: "button", class: "ci-btn small", text: texts.field.scan, onclick: async () => {
    says.textContent = "";
    try {
      const code = await scanned(facing, texts);
      if (code) { typed.root.value = code; hooks.commit(code); }
    } catch { says.textContent = texts.field.no_camera; }
    typed.root.focus();
  } });
  return {
    ...typed,
    root: make("div", {}, make("div", { class: "ci-with-unit" }, typed.root, scan), says),
    show(now) { typed.show(now); scan.hidden = now.readonly; },
  };
}

/** The code that the camera saw, or null when the person closed the dialog. */
async function scanned(facing, texts) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: facing } });
  const film = make("video", { autoplay: true, playsinline: true, muted: true });
  film.srcObject = stream;
  const dialog = make("dialog", { class: "ci-card ci-scan", "aria-label": texts.field.scan }, make("p", { text: texts.field.scanning }), film,
    make("button", { type: "button", class: "ci-btn", text: texts.field.close, onclick: () => dialog.close() }));
  document.body.append(dialog);
  dialog.showModal();
  const detector = new window.BarcodeDetector();
  return new Promise((resolve) => {
    const timer = setInterval(async () => {
      const [found] = await detector.detect(film).catch(() => []);
      if (found) { dialog.returnValue = found.rawValue; dialog.close(found.rawValue); }
    }, LOOK_EVERY);
    dialog.addEventListener("close", () => {
      clearInterval(timer);
      for (const track of stream.getTracks()) track.stop();
      dialog.remove();
      resolve(dialog.returnValue || null);
    });
  });
}
