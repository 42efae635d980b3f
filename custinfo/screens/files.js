// Files on their way to the kernel, in pieces, and back from it as blob: addresses.

const PIECE = 256 * 1024;
const LARGEST_FILE = 10 * 1024 * 1024;
const PIECE_PATIENCE = 30_000;

class Files {
  constructor(send) {
    this.send = send; // (content, buffers) → whether it left
    this.waiting = new Map(); // id → {heard}
    this.urls = new Map(); // what → promise of a blob: address
    this.last = Date.now();
  }

  #ask(content, buffers) {
    return new Promise((resolve) => {
      const give_up = setTimeout(() => resolve(null), PIECE_PATIENCE);
      this.waiting.set(content.id, (message, sent) => { clearTimeout(give_up); resolve({ message, sent }); });
      if (!this.send(content, buffers)) { clearTimeout(give_up); resolve(null); }
    });
  }

  /** An answer of the kernel to one of our messages. */
  heard(message, buffers) {
    const wake = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    wake?.(message, buffers ?? []);
  }

  /** Send a file; gives {value}, or {problem} with the words of the kernel, or null when the line is lost. */
  async upload(ref, blob, name, progress) {
    this.last += 1;
    const id = this.last;
    const count = Math.max(1, Math.ceil(blob.size / PIECE));
    for (let chunk = 0; chunk < count; chunk += 1) {
      const piece = await blob.slice(chunk * PIECE, (chunk + 1) * PIECE).arrayBuffer();
      const content = { kind: "file", id, ref, name, size: blob.size, chunk, last: chunk === count - 1 };
      const heard = await this.#ask(content, [piece]);
      if (!heard) return null;
      if (heard.message.problem || heard.message.value) return heard.message;
      progress(Math.round((100 * (chunk + 1)) / count));
    }
    return null;
  }

  /** A blob: address of something that the kernel has: a file of the form, `{name}`, or of an answer, `{ref, value}`. */
  fetch(what) {
    const key = JSON.stringify(what);
    if (!this.urls.has(key)) {
      this.last += 1;
      const asked = this.#ask({ kind: "media", id: this.last, ...what }, []).then((heard) => {
        if (!heard?.sent.length) { this.urls.delete(key); return null; }
        return URL.createObjectURL(new Blob([heard.sent[0]], { type: heard.message.type }));
      });
      this.urls.set(key, asked);
    }
    return this.urls.get(key);
  }

  close() {
    for (const asked of this.urls.values()) asked.then((url) => url && URL.revokeObjectURL(url));
  }
}
