// Pictures, sounds and films that belong to a label. The files come over the page's own line and become blob: addresses.

/** The media of a label: {image, audio, video, "big-image"} → file name. Drawn once the file is here. */
function mediaBox(media, name, texts, hooks) {
  const box = make("span", { class: "ci-media" });
  if (media.image) drawPicture(box, media, name, texts, hooks);
  for (const tag of ["audio", "video"]) {
    if (!media[tag]) continue;
    const player = make(tag, { controls: true, preload: "metadata", "aria-label": name || media[tag] });
    box.append(player);
    hooks.media(media[tag]).then((url) => { if (url) player.src = url; else player.remove(); });
  }
  return box;
}

function drawPicture(box, media, name, texts, hooks) {
  const picture = make("img", { alt: name ? "" : media.image });
  const big = media["big-image"];
  box.append(big ? make("button", {
    type: "button", class: "ci-media-zoom", "aria-label": `${texts.field.enlarge} ${name ?? ""}`.trim(),
    onclick: (event) => { event.preventDefault(); hooks.media(big).then((url) => url && showLarge(url, name, texts)); },
  }, picture) : picture);
  hooks.media(media.image).then((url) => { if (url) picture.src = url; else picture.remove(); });
}

/** A picture in a dialog of its own, which Escape closes. */
function showLarge(url, name, texts) {
  const dialog = make("dialog", { class: "ci-card ci-media-large", "aria-label": name || texts.field.enlarge },
    make("img", { src: url, alt: name ?? "" }),
    make("button", { type: "button", class: "ci-btn", text: texts.field.close, autofocus: true, onclick: () => dialog.close() }));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Where a question shows the media of its label; drawn anew only when they change. */
function mediaPlace(texts, hooks) {
  const place = make("div", { class: "ci-media-place", hidden: true });
  let drawn = "";
  return {
    root: place,
    show(media, name) {
      const wanted = JSON.stringify(media ?? {});
      if (wanted === drawn) return;
      drawn = wanted;
      place.hidden = !media;
      place.replaceChildren(...(media ? [mediaBox(media, plainWords(name), texts, hooks)] : []));
    },
  };
}
