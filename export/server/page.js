// The page at /: each file gets a card; they are sent one after the other.
const at = (id) => document.getElementById(id);
const settings = JSON.parse(at("settings").textContent);
const CUT = "cut and made smaller by the browser: probabilities may differ a little";
const waiting = [];
let busy = false;

function made(tag, text, parent, kind) {
  const element = document.createElement(tag);
  if (text) element.textContent = text;  // never HTML: names come from files
  if (kind) element.className = kind;
  if (parent) parent.append(element);
  return element;
}

const percent = (probability) => `${(100 * probability).toFixed(1)} %`;
const megabytes = (bytes) => `${(bytes / (1 << 20)).toFixed(bytes < 10 << 20 ? 1 : 0)} MB`;
const clock = (seconds) => {
  const tenths = Math.round(10 * seconds);
  return `${Math.floor(tenths / 600)}:${(tenths % 600 / 10).toFixed(1).padStart(4, "0")}`;
};

function bar({label, probability}, parent) {
  const row = made("div", "", parent, "bar");
  made("span", label, row);
  made("span", percent(probability), row, "number");
  made("meter", "", row).value = probability;
}

/** One file: what was said of it, and how to stop. */
class Card {
  constructor(file) {
    this.file = this.sent = file;
    this.offset = 0;  // second of the file at which what is sent begins
    this.root = at("card").content.cloneNode(true).firstElementChild;
    this.part("h2").textContent = file.name;
    this.part(".stop").addEventListener("click", () => this.stopped ? this.again() : this.stop());
    this.part(".cut").addEventListener("click", () => this.cut());
    at("cards").prepend(this.root);
    this.play();
    this.again();
  }

  part(selector) { return this.root.querySelector(selector); }

  say(text, kind = "") {
    this.part(".says").textContent = text;
    this.part(".says").className = `says ${kind}`;
  }

  /** The file in a player, where the browser can show it. */
  play() {
    const video = this.part("video");
    video.addEventListener("loadeddata", () => { video.hidden = this.part(".seek").hidden = false; });
    video.src = URL.createObjectURL(this.file);
  }

  /** Take a place in the queue. */
  again() {
    this.stopped = false;
    this.told = this.last = null;
    this.part(".found").hidden = true;
    for (const name of [".notes", ".classes", ".timeline"]) this.part(name).replaceChildren();
    this.part(".stop").textContent = "Cancel";
    this.part(".cut").hidden = true;
    this.query = new URLSearchParams({model: at("model").value});
    if (this.sent === this.file) {
      for (const name of ["start", "end"]) {
        if (at(name).value) this.query.set(name, Number(at(name).value));
      }
    }
    this.say("waiting");
    waiting.push(this);
    next();
  }

  stop() {
    this.end("cancelled");
    if (waiting.includes(this)) waiting.splice(waiting.indexOf(this), 1);
    this.request?.abort();
  }

  end(text, kind) {
    this.stopped = true;
    this.part("progress").hidden = true;
    this.part(".stop").textContent = "Look again";
    this.say(text, kind);
    at("says").textContent = `${this.file.name}: ${text}`;  // which a screen reader reads out
  }

  progress(done, total, text) {
    const shown = this.part("progress");
    shown.hidden = false;
    shown.max = total;
    shown.value = done;
    this.say(text);
  }

  sending(sent, total) {
    this.progress(sent, total, `sending: ${megabytes(sent)} of ${megabytes(total)}`);
    if (sent < total) return;
    this.say("decoding …");
    this.part("progress").removeAttribute("value");  // how long it takes, nobody knows
  }

  /** Send a smaller film of the part between "from" and "to" instead of the file. */
  async cut() {
    this.stopped = false;
    this.part(".cut").hidden = true;
    this.part(".stop").textContent = "Cancel";
    const start = Number(at("start").value) || 0, end = Number(at("end").value) || Infinity;
    const tell = (done, of) => {
      if (!this.stopped) this.progress(done, of, `cutting: ${clock(done)} of ${clock(of)}`);
      return this.stopped;
    };
    try {
      const part = await cutOut(this.file, start, end, tell);
      if (this.stopped) return;
      [this.sent, this.offset] = [part, start];
      this.again();
    } catch (error) {
      this.end(`${error.message}: trim it with another program`, "error");
    }
  }

  /** Send the file; ends when all is said, for good or bad. */
  look() {
    if (this.sent.size > settings.bytes) {
      this.end(`The file has ${megabytes(this.sent.size)}, this server takes `
        + `${megabytes(settings.bytes)}. Trim it to the minute that matters, or cut it here: `
        + `the browser plays the part between "from" and "to", and sends a smaller film of it.`,
        "error");
      this.part(".cut").hidden = false;
      return Promise.resolve(false);
    }
    return new Promise((resolve) => {
      const request = this.request = new XMLHttpRequest();
      let read = 0;
      const take = (all) => {
        const lines = request.responseText.slice(read).split("\n");
        const rest = all ? "" : lines.pop();
        read = request.responseText.length - rest.length;
        for (const line of lines) if (line && !this.stopped) this.hear(JSON.parse(line));
      };
      request.open("POST", `/page/classify?${this.query}`);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.upload.onprogress = (event) => this.sending(event.loaded, event.total);
      request.onprogress = () => take(false);
      request.onload = () => take(true);
      request.onloadend = () => {
        if (!this.stopped) this.end("the server broke off; is it still running?", "error");
        resolve(this.part(".says.error") === null);
      };
      this.sending(0, this.sent.size);
      request.send(this.sent);
    });
  }

  hear(piece) {
    if (piece.error) {
      this.end(piece.error, "error");
    } else if (!this.told) {
      this.told = piece;
      const notes = this.sent === this.file ? piece.notes : [...piece.notes, CUT];
      for (const note of notes) made("li", note, this.part(".notes"));
      this.say(`${piece.frames} frames at ${piece.fps} fps; looking …`);
      this.part("progress").max = piece.frames / piece.fps;
    } else if (piece.stretch) {
      this.part("progress").value = piece.end - Number(this.query.get("start") || 0);
      this.part(".found").hidden = false;
      if (!this.part(".bar")) for (const one of piece.predictions) bar(one, this.part(".classes"));
      this.show(piece.stretch, piece.thumbnails);
    } else {
      const {frames, fps, model, version} = this.told;
      this.part(".classes").replaceChildren();
      for (const one of piece.predictions) bar(one, this.part(".classes"));
      this.end(`${frames} frames at ${fps} fps, ${(frames / fps).toFixed(1)} s`
        + `, by ${model}, version ${version}`);
    }
  }

  /** A stretch of one class: a line of its own, or the last line grown longer. */
  show({start, end, label, probability}, thumbnails) {
    [start, end] = [start + this.offset, end + this.offset];
    if (this.last?.start !== start) {
      const row = made("button", "", this.part(".timeline"), "window");
      row.type = "button";
      const parts = ["time", "label", "number", "strip"].map((kind) => made("span", "", row, kind));
      row.addEventListener("click", () => this.jump(start));
      this.last = {start, parts};
    }
    const [time, name, number, strip] = this.last.parts;
    time.textContent = `${clock(start)} – ${clock(end)}`;
    name.textContent = label;
    number.textContent = percent(probability);
    for (const address of thumbnails) {
      const image = made("img", "", strip);
      image.src = address;
      image.alt = "";
    }
  }

  jump(seconds) {
    const video = this.part("video");
    if (video.hidden) return;
    video.currentTime = seconds;
    video.scrollIntoView({block: "nearest"});
    video.play().catch(() => {});
  }
}

async function next() {
  if (busy) return;
  busy = true;
  let well = true;
  delete document.body.dataset.state;
  while (waiting.length) {
    const card = waiting.shift();
    if (!card.stopped) well = await card.look() && well;
  }
  document.body.dataset.state = well ? "done" : "failed";
  busy = false;
}

function take(files) {
  for (const file of files) new Card(file);
}

async function takeSample() {
  const response = await fetch("/page/sample");
  if (response.ok) take([new File([await response.blob()], "sample")]);
  else at("says").textContent = (await response.json()).error;
}

for (const {name, versions} of settings.models) {
  made("option", `${name}, version ${versions.join(", ")}`, at("model")).value = name;
}
at("limits").textContent = `MP4, MOV, MKV, WebM, AVI and whatever else FFmpeg reads, up to `
  + `${megabytes(settings.bytes)} each. At most ${settings.frames} frames are looked at, a minute `
  + `at 25 a second: the first one, or the part that you choose below.`;
at("sample").hidden = !settings.sample;
at("sample").addEventListener("click", takeSample);
at("file").addEventListener("change", () => {
  take([...at("file").files]);
  at("file").value = "";  // so that the same file can be chosen again
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    at("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop") take(event.dataTransfer.files);
  });
}
if (new URLSearchParams(location.search).has("sample")) takeSample();
