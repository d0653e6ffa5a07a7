"use strict";

// Everything shown goes through textContent: names and messages come from outside.

const byID = (id) => document.getElementById(id);

function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "data") Object.assign(made.dataset, value);
    else if (name.startsWith("aria-")) made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Changes an element's text only if it is another one, so that nothing is read aloud twice. */
function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/* ---------- Words ---------- */

const statusWords = {
  Submitted: "Waiting", Progressing: "Running", Complete: "Done", Canceled: "Cancelled", Error: "Failed",
};
const isOver = (job) => ["Complete", "Canceled", "Error"].includes(job.status);
const fileName = (key) => key.split("/").filter(Boolean).pop() || key;

function bytes(count) {
  if (!Number.isFinite(count)) return null;
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (count >= 999.5 && unit < units.length - 1) { count /= 1000; unit += 1; }
  return `${unit === 0 || count >= 100 ? Math.round(count) : count.toFixed(1)} ${units[unit]}`;
}

function span(seconds) {
  if (!Number.isFinite(seconds) || seconds < 0) return null;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[0]) return `${parts[0]} h ${parts[1]} min`;
  return parts[1] ? `${parts[1]} min ${parts[2]} s` : `${parts[2]} s`;
}

const today = () => new Date().toDateString();
function moment(milliseconds) {
  if (!Number.isFinite(milliseconds)) return null;
  const date = new Date(milliseconds);
  const time = { hour: "2-digit", minute: "2-digit" };
  const options = date.toDateString() === today() ? time : { day: "numeric", month: "short", ...time };
  if (date.getFullYear() !== new Date().getFullYear()) options.year = "numeric";
  return new Intl.DateTimeFormat(undefined, options).format(date);
}

function saving(before, after) {
  if (!(before > 0) || !Number.isFinite(after)) return null;
  const part = 1 - after / before;
  const percent = Math.round(Math.abs(part) * 100);
  return part >= 0
    ? { isLarger: false, short: `−${percent} %`, long: `${percent} % smaller` }
    : { isLarger: true, short: `+${percent} %`, long: `${percent} % larger` };
}

function quality(ssim) {
  if (!Number.isFinite(ssim)) return null;
  const words = ssim >= 0.98 ? "hard to tell apart" : ssim >= 0.95 ? "very close" : ssim >= 0.9 ? "close" : "visibly different";
  return `${ssim.toFixed(3)}, ${words}`;
}

const percent = (job) => (Number.isFinite(job.progress) ? Math.floor(Math.min(1, Math.max(0, job.progress)) * 100) : null);

/** What went wrong, and what to do about it, by the error's code. */
const reasons = {
  "input.missing": ["The video is no longer there.", "It was moved or deleted before its turn came. Upload it again."],
  "input.empty": ["The file is empty.", "Check the file on your computer, and upload it again."],
  "input.unreadable": ["The file cannot be read as a video.", "It may not be one, or its upload broke off. Check that it plays on your computer, and upload it again."],
  "input.unsupported": ["This kind of video is not supported.", "Save it as MP4, MOV, MKV or WebM, and upload that."],
  "input.damaged": ["The video is damaged.", "Too much of it cannot be decoded. Export or record it again, and upload the new file."],
  "input.limit": ["The video is beyond what is allowed here.", "It is too long, too large or needs too much to decode. Upload a shorter or smaller one."],
  "input.changed": ["The video was replaced while it was being worked on.", "The newer one has a job of its own. Nothing needs to be done."],
  "input.superseded": ["A newer upload took this one's place.", "Nothing needs to be done."],
  "output.exists": ["There is a file of the result's name already.", "It does not belong to this video, so it was kept. Rename or delete it, and try again."],
  "output.rejected": ["The result did not pass its checks.", "It was thrown away. Try again; if that fails too, tell whoever runs this service."],
  "output.unwritable": ["The result could not be stored.", "The storage may be full. Try again later, or tell whoever runs this service."],
  "output.needs-file": ["The video does not say how long it is, and there was no room to find out.", "Whoever runs this service can give it more temporary space."],
  "preset.invalid": ["The settings for this video are missing or wrong.", "Whoever runs this service has to correct the preset."],
  "engine.failed": ["Something went wrong inside the transcoder.", "Try again; if that fails too, tell whoever runs this service."],
  "engine.crashed": ["This video made the decoder fail.", "Nothing else was harmed. Save the video in another format, and upload that."],
  "job.attempts": ["The work was interrupted too often.", "Try again, at a time when the service is not being restarted."],
  "not-found": ["A file or place that is needed is not there.", "Upload the video again; if that fails too, tell whoever runs this service."],
  denied: ["The service was refused access to its storage.", "Whoever runs this service has to check its permissions."],
  throttled: ["The storage is too busy.", "Try again in a few minutes."],
  unavailable: ["The storage could not be reached.", "Try again in a few minutes."],
  conflict: ["Something changed at the same moment.", "Try again."],
  invalid: ["The storage did not accept the request.", "Tell whoever runs this service."],
  cancelled: ["The job was cancelled.", "Try again if that was a mistake."],
};
const reasonOf = (error) => reasons[error.code] || ["The job failed.", "Try again; if that fails too, tell whoever runs this service."];
const errorOf = (job) => job.error || (job.outputs || []).map((output) => output.error).find(Boolean) || null;

function announce(text) { byID("announcer").textContent = text; }

/* ---------- The service ---------- */

class Refusal extends Error {
  constructor(status, message) { super(message); this.status = status; }
}

async function ask(path, { method = "GET", body = null, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-Recast"] = "1";
  if (body) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, signal, body: body && JSON.stringify(body), credentials: "same-origin", cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "The service does not answer. Check your connection.");
  }
  const text = await answer.text();
  let value = null;
  try { value = text ? JSON.parse(text) : null; } catch { /* No JSON: the status says enough. */ }
  if (answer.ok) return value;
  if (answer.status === 401 && path !== "/api/session") signedOut("Your session has ended. Sign in again.");
  throw new Refusal(answer.status, (value && (value.message || value.Message)) || `The service answered ${answer.status}.`);
}

/* ---------- Signing in ---------- */

function signedOut(problem = "") {
  stopLive();
  for (const upload of uploads) upload.cancel();
  if (byID("details").open) byID("details").close();
  byID("workplace").hidden = true;
  byID("account").hidden = true;
  byID("connection").hidden = true;
  byID("sign-in").hidden = false;
  showProblem("sign-in-problem", problem);
  byID("password").value = "";
  byID(byID("name").value ? "password" : "name").focus();
}

function signedIn(user) {
  setText(byID("account-name"), user);
  byID("sign-in").hidden = true;
  byID("account").hidden = false;
  byID("workplace").hidden = false;
  resetList();
  startLive();
  openFromAddress();
}

function showProblem(id, text) {
  byID(id).hidden = !text;
  setText(byID(id), text);
}

byID("sign-in-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.target.querySelector("button");
  const [name, password] = [byID("name").value, byID("password").value];
  button.disabled = true;
  showProblem("sign-in-problem", "");
  try {
    await ask("/api/session", { method: "POST", body: { name, password } });
    byID("password").value = "";
    signedIn(name);
    byID("main").focus();
  } catch (error) {
    const wrong = error.status === 401 || error.status === 403;
    const text = wrong ? "Name or password is not right." : error.status === 429 ? "Too many attempts. Wait a minute, and try again." : error.message;
    showProblem("sign-in-problem", text);
    byID("password").select();
  } finally {
    button.disabled = false;
  }
});

byID("sign-out").addEventListener("click", async () => {
  try { await ask("/api/session", { method: "DELETE" }); } catch { /* Gone is gone. */ }
  signedOut();
});

/* ---------- Uploads ---------- */

const uploads = new Set();
const uploadsAtOnce = 2;
const quotes = { EntityTooLarge: "The file is too large.", EntityTooSmall: "The file is empty.", AccessDenied: "The permission to upload has expired or does not fit." };

class Upload {
  constructor(file) {
    this.file = file;
    this.state = "waiting";
    this.note = element("p", { className: "upload-note", textContent: "Waiting for its turn" });
    this.bar = element("progress", { max: 1, value: 0, "aria-label": `Upload of ${file.name}` });
    this.again = element("button", { type: "button", className: "small", textContent: "Try again", hidden: true, onclick: () => this.restart() });
    this.stop = element("button", { type: "button", className: "small quiet", textContent: "Cancel", "aria-label": `Cancel upload of ${file.name}`, onclick: () => this.dismiss() });
    this.row = element("li", { className: "upload" },
      element("p", { className: "upload-name", textContent: file.name, title: file.name }), this.note,
      element("div", { className: "upload-actions" }, this.again, this.stop), this.bar);
    byID("uploads").append(this.row);
  }

  async run() {
    this.state = "running";
    try {
      if (this.file.size === 0) throw new Refusal(400, "The file is empty.");
      const form = await ask("/api/uploads", { method: "POST", body: { name: this.file.name, type: this.file.type, size: this.file.size } });
      this.key = form.key;
      await this.send(form);
      this.finish();
    } catch (error) {
      if (this.state === "cancelled") return;
      this.state = "failed";
      this.row.classList.add("is-failed");
      this.bar.hidden = true;
      // What the file itself is refused for stays so.
      this.again.hidden = error.status === 400;
      setText(this.note, error.message);
      setText(this.stop, "Remove");
      announce(`${this.file.name} was not uploaded: ${error.message}`);
    } finally {
      startUploads();
    }
  }

  send(form) {
    return new Promise((resolve, reject) => {
      const data = new FormData();
      for (const [name, value] of Object.entries(form.fields)) data.append(name, value);
      data.append("file", this.file);
      const began = performance.now();
      const request = this.request = new XMLHttpRequest();
      request.upload.addEventListener("progress", (event) => {
        if (this.state !== "running" || !event.lengthComputable) return;
        const part = event.loaded / event.total;
        this.bar.value = part;
        const left = ((performance.now() - began) / 1000) * (1 / part - 1);
        const rest = part < 1 && left > 3 ? `, ${span(left)} left` : "";
        setText(this.note, part < 1 ? `${Math.floor(part * 100)} % of ${bytes(this.file.size)}${rest}` : "Being stored");
      });
      request.addEventListener("load", () => {
        if (request.status >= 200 && request.status < 300) return resolve();
        const code = request.responseXML?.querySelector("Code")?.textContent;
        reject(new Refusal(request.status, quotes[code] || `The storage answered ${request.status}${code ? ` (${code})` : ""}.`));
      });
      request.addEventListener("error", () => reject(new Refusal(0, "The connection broke off.")));
      request.addEventListener("abort", () => reject(new Refusal(0, "Cancelled.")));
      request.open("POST", form.url);
      request.send(data);
    });
  }

  finish() {
    this.state = "done";
    this.bar.value = 1;
    this.bar.hidden = true;
    setText(this.note, "Uploaded. Its job starts in a moment.");
    setText(this.stop, "Hide");
    announce(`${this.file.name} was uploaded.`);
    if ([...shown.values()].some((row) => row.job.input.key === this.key)) this.remove();
  }

  restart() {
    this.state = "waiting";
    this.row.classList.remove("is-failed");
    this.again.hidden = true;
    this.bar.hidden = false;
    this.bar.value = 0;
    setText(this.note, "Waiting for its turn");
    setText(this.stop, "Cancel");
    startUploads();
  }

  cancel() {
    this.state = "cancelled";
    this.request?.abort();
    this.remove();
  }

  dismiss() {
    this.cancel();
    byID("files").focus();
    startUploads();
  }

  remove() {
    uploads.delete(this);
    this.row.remove();
  }
}

function startUploads() {
  const all = [...uploads];
  let free = uploadsAtOnce - all.filter((upload) => upload.state === "running").length;
  for (const upload of all) {
    if (free > 0 && upload.state === "waiting") { free -= 1; upload.run(); }
  }
}

function addFiles(files) {
  for (const file of files) uploads.add(new Upload(file));
  startUploads();
}

byID("files").addEventListener("change", (event) => {
  addFiles(event.target.files);
  event.target.value = "";
});

let dragDepth = 0;
const hasFiles = (event) => !byID("workplace").hidden && [...(event.dataTransfer?.types || [])].includes("Files");
function drag(event, depth) {
  if (!hasFiles(event)) return;
  event.preventDefault();
  dragDepth = depth;
  byID("drop").classList.toggle("is-over", depth > 0);
}
window.addEventListener("dragenter", (event) => drag(event, dragDepth + 1));
window.addEventListener("dragleave", (event) => drag(event, Math.max(0, dragDepth - 1)));
window.addEventListener("dragover", (event) => drag(event, Math.max(1, dragDepth)));
window.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  drag(event, 0);
  addFiles(event.dataTransfer.files);
});
window.addEventListener("beforeunload", (event) => {
  if ([...uploads].some((upload) => ["waiting", "running"].includes(upload.state))) event.preventDefault();
});

/* ---------- The list ---------- */

const list = { status: "", search: "", tokens: [null], page: 0, next: null, request: null };
/** Rows by the jobs' ids, in no order. */
const shown = new Map();

class Row {
  constructor(job) {
    this.open = element("button", { type: "button", className: "job-open", onclick: () => openDetails(this.job) });
    this.note = element("p", { className: "job-note" });
    this.savedShort = element("span", { "aria-hidden": "true" });
    this.savedLong = element("span", { className: "visually-hidden" });
    this.saved = element("p", { className: "job-saved", hidden: true }, this.savedShort, this.savedLong);
    this.status = element("p", { className: "job-status status" });
    this.bar = element("progress", { max: 100, hidden: true });
    this.item = element("li", { className: "job" }, element("h3", { className: "job-name" }, this.open), this.note, this.saved, this.status, this.bar);
    this.update(job);
  }

  update(job) {
    this.job = job;
    this.item.dataset.id = job.id;
    const name = fileName(job.input.key);
    setText(this.open, name);
    this.open.title = job.input.key;
    this.status.dataset.status = job.status;
    const done = percent(job);
    const running = job.status === "Progressing";
    setText(this.status, running && done !== null ? `${done} %` : statusWords[job.status] || job.status);
    this.bar.hidden = !running;
    this.bar.setAttribute("aria-label", `Progress of ${name}`);
    if (done === null) this.bar.removeAttribute("value"); else this.bar.value = done;
    const [note, isBad] = summary(job);
    setText(this.note, note);
    this.note.classList.toggle("is-bad", isBad);
    const output = job.status === "Complete" ? mainOutput(job) : null;
    const saved = output && saving(job.input.size, output.size);
    this.saved.hidden = !saved;
    if (saved) {
      setText(this.savedShort, saved.short);
      setText(this.savedLong, saved.long);
      this.saved.classList.toggle("is-larger", saved.isLarger);
    }
  }
}

const mainOutput = (job) => (job.outputs || []).find((output) => output.status === "Complete") || null;

function summary(job) {
  const error = errorOf(job);
  if (job.status === "Error" && error) return [reasonOf(error)[0], true];
  const parts = [];
  const output = mainOutput(job);
  if (output && job.status === "Complete") {
    const sizes = [bytes(job.input.size), bytes(output.size)].filter(Boolean);
    parts.push(sizes.join(" → "));
    if (output.width) parts.push(`${output.width} × ${output.height}`);
    parts.push(span(output.duration));
  } else {
    parts.push(bytes(job.input.size));
    if (job.input.width) parts.push(`${job.input.width} × ${job.input.height}`);
    parts.push(span(job.input.duration));
  }
  parts.push(moment(job.finishedAt || job.startedAt || job.submittedAt));
  if (job.status === "Progressing") parts.push(timeLeft(job));
  // Lines break behind the dots only.
  return [parts.filter(Boolean).map((part) => part.replaceAll(" ", "\u00a0")).join("\u00a0· "), false];
}

function timeLeft(job) {
  const spent = (Date.now() - job.startedAt) / 1000;
  if (!(job.progress > 0.03) || !(spent > 5)) return null;
  return `about ${span(Math.max(1, spent * (1 / job.progress - 1)))} left`;
}

function matches(job) {
  const text = list.search.toLowerCase();
  const texts = [job.id, job.input.key, ...(job.outputs || []).map((output) => output.key)];
  return (!list.status || job.status === list.status) && (!text || texts.some((one) => one.toLowerCase().includes(text)));
}

function resetList() {
  Object.assign(list, { tokens: [null], page: 0, next: null });
  return load();
}

async function load({ quiet = false } = {}) {
  list.request?.abort();
  const request = list.request = new AbortController();
  if (!quiet) byID("jobs").setAttribute("aria-busy", "true");
  try {
    let page = await fetchPage(request.signal);
    // Far back there may be some that fit, behind many that do not.
    for (let tries = 0; page.jobs.length === 0 && page.next && tries < 20; tries += 1) {
      list.tokens[list.page] = page.next;
      page = await fetchPage(request.signal);
    }
    list.next = page.next;
    show(page.jobs);
    showProblem("jobs-problem", "");
  } catch (error) {
    if (error.name === "AbortError" || error.status === 401) return;
    showProblem("jobs-problem", error.message);
  } finally {
    if (list.request === request) byID("jobs").setAttribute("aria-busy", "false");
  }
}

function fetchPage(signal) {
  const query = new URLSearchParams();
  if (list.status) query.set("status", list.status);
  if (list.search) query.set("search", list.search);
  if (list.tokens[list.page]) query.set("page", list.tokens[list.page]);
  return ask(`/api/jobs?${query}`, { signal });
}

function show(jobs) {
  const ids = new Set(jobs.map((job) => job.id));
  for (const [id, row] of shown) {
    if (!ids.has(id)) { row.item.remove(); shown.delete(id); }
  }
  let place = byID("jobs").firstElementChild;
  for (const job of jobs) {
    const row = shown.get(job.id);
    if (row) row.update(job);
    const item = row ? row.item : insert(job, place);
    if (item === place) place = place.nextElementSibling;
    else if (row) byID("jobs").insertBefore(item, place);
    arrived(job);
  }
  frame();
}

function insert(job, before) {
  const row = new Row(job);
  shown.set(job.id, row);
  byID("jobs").insertBefore(row.item, before);
  return row.item;
}

/** Removes the upload that a job is about. */
function arrived(job) {
  for (const upload of uploads) {
    if (upload.state === "done" && upload.key === job.input.key) upload.remove();
  }
}

/** What stands around the rows. */
function frame() {
  const filtered = list.status || list.search;
  byID("empty").hidden = shown.size > 0;
  setText(byID("empty"), filtered ? "No job fits what you are looking for." : "No jobs yet. Upload a video, and watch it here.");
  byID("pager").hidden = list.page === 0 && !list.next;
  byID("newer").disabled = list.page === 0;
  byID("older").disabled = !list.next;
  setText(byID("page-number"), `Page ${list.page + 1}`);
}

/** A job is new or has changed. */
function changed(job) {
  const row = shown.get(job.id);
  const before = row?.job.status;
  if (row && (matches(job) || list.status === "")) row.update(job);
  else if (row) { row.item.remove(); shown.delete(job.id); }
  else if (list.page === 0 && matches(job)) {
    const newer = [...byID("jobs").children].find((item) => item.dataset.id < job.id);
    // An older job of a later page has no place here.
    if (newer || !list.next) insert(job, newer || null);
  }
  arrived(job);
  frame();
  if (before && before !== job.status && isOver(job)) announce(`${fileName(job.input.key)}: ${statusWords[job.status]}`);
  if (details.job?.id === job.id) showDetails(job);
}

byID("filters").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  for (const other of byID("filters").children) other.setAttribute("aria-pressed", String(other === button));
  list.status = button.dataset.status;
  resetList();
});

let searchTimer = 0;
function searchFor(text, delay) {
  clearTimeout(searchTimer);
  searchTimer = setTimeout(() => {
    if (list.search === text.trim()) return;
    list.search = text.trim();
    resetList();
  }, delay);
}
byID("search").addEventListener("input", (event) => searchFor(event.target.value, 250));
byID("search-form").addEventListener("submit", (event) => {
  event.preventDefault();
  searchFor(byID("search").value, 0);
});

async function turn(step) {
  if (step > 0) list.tokens[list.page + 1] = list.next;
  list.page += step;
  await load();
  window.scrollTo({ top: 0 });
  announce(`Page ${list.page + 1}`);
  const button = byID(step > 0 ? "older" : "newer");
  if (button.disabled) byID(step > 0 ? "newer" : "older").focus();
}
byID("older").addEventListener("click", () => turn(1));
byID("newer").addEventListener("click", () => turn(-1));

/* ---------- Live ---------- */

const live = { source: null, poll: 0, retry: 0 };

function startLive() {
  stopLive();
  const source = live.source = new EventSource("/api/events");
  let wasOpen = false;
  source.addEventListener("open", () => {
    stopPolling();
    byID("connection").hidden = true;
    // What happened while nobody listened.
    if (wasOpen) load({ quiet: true });
    wasOpen = true;
  });
  source.addEventListener("job", (event) => {
    try { changed(JSON.parse(event.data)); } catch { /* A broken event; the next one tells the same. */ }
  });
  source.addEventListener("error", () => {
    startPolling();
    if (source.readyState !== EventSource.CLOSED) return;
    clearTimeout(live.retry);
    live.retry = setTimeout(startLive, 30000);
  });
}

function stopLive() {
  live.source?.close();
  live.source = null;
  clearTimeout(live.retry);
  stopPolling();
}

function startPolling() {
  setText(byID("connection"), "Reconnecting");
  byID("connection").hidden = false;
  if (!live.poll) live.poll = setInterval(() => { if (!document.hidden) load({ quiet: true }); }, 4000);
}

function stopPolling() {
  clearInterval(live.poll);
  live.poll = 0;
}

/* ---------- Details ---------- */

const details = { job: null, opener: null, video: null };

function openDetails(job) {
  details.opener = document.activeElement;
  details.video = null;
  byID("details-body").replaceChildren();
  showDetails(job);
  byID("details").showModal();
  byID("details-close").focus();
  history.replaceState(null, "", `#${encodeURIComponent(job.id)}`);
  refreshDetails(job.id);
}

/** The list may know less, or something older. */
async function refreshDetails(id) {
  try {
    const job = await ask(`/api/jobs/${encodeURIComponent(id)}`);
    if (details.job?.id === id) changed(job);
  } catch { /* What the list says stays. */ }
}

async function openFromAddress() {
  const id = decodeURIComponent(location.hash.slice(1));
  if (!id) return;
  try { openDetails(await ask(`/api/jobs/${encodeURIComponent(id)}`)); } catch { history.replaceState(null, "", location.pathname); }
}

byID("details-close").addEventListener("click", () => byID("details").close());
byID("details").addEventListener("click", (event) => { if (event.target === byID("details")) byID("details").close(); });
byID("details").addEventListener("close", () => {
  details.video?.pause();
  byID("details-body").replaceChildren();
  Object.assign(details, { job: null, video: null });
  history.replaceState(null, "", location.pathname);
  if (details.opener?.isConnected) details.opener.focus();
  else byID("main").focus();
});

function showDetails(job) {
  details.job = job;
  setText(byID("details-title"), fileName(job.input.key));
  setText(byID("details-key"), job.input.key);
  const output = mainOutput(job);
  const parts = [statusLine(job), reasonBox(job), player(output), sizes(job, output), facts(job, output)];
  const body = byID("details-body");
  // The player stays where it is: moving it would stop it.
  const keep = details.video;
  for (const child of [...body.children]) if (child !== keep) child.remove();
  let before = keep && keep.parentNode === body ? keep : null;
  for (const part of parts.filter(Boolean)) {
    if (part === keep && before) { before = null; continue; }
    body.insertBefore(part, before);
  }
  actions(job, output);
}

function statusLine(job) {
  const done = job.status === "Progressing" ? percent(job) : null;
  const badge = element("span", { className: "status", textContent: statusWords[job.status] || job.status, data: { status: job.status } });
  const line = element("div", {}, element("p", { className: "details-status" }, badge, done === null ? null : [`${done} %`, timeLeft(job)].filter(Boolean).join(", ")));
  if (job.status === "Progressing") {
    const bar = element("progress", { max: 100, "aria-label": "Progress" });
    if (done !== null) bar.value = done;
    line.append(element("p", { className: "visually-hidden" }), bar);
  }
  return line;
}

function reasonBox(job) {
  const error = errorOf(job);
  if (!error || job.status === "Complete" || (job.status === "Canceled" && error.code === "cancelled")) return null;
  if (!isOver(job)) {
    return element("p", { className: "details-status", textContent: `The last attempt failed (${reasonOf(error)[0].replace(/\.$/, "").toLowerCase()}). It will be tried again.` });
  }
  const [what, advice] = reasonOf(error);
  return element("div", { className: "reason" }, element("strong", { textContent: what }), advice,
    element("small", { textContent: `${error.message} [${error.code}]` }));
}

function player(output) {
  if (!output?.url || !output.videoCodec) return null;
  if (details.video?.dataset.url === output.url) return details.video;
  const video = element("video", { controls: true, playsInline: true, preload: "metadata", data: { url: output.url }, "aria-label": "The result" });
  video.src = output.url;
  details.video = video;
  return video;
}

function sizes(job, output) {
  const [before, after] = [job.input.size, output?.size];
  const saved = saving(before, after);
  if (!saved) return null;
  const line = (name, count, className) => {
    const fill = element("span", { className: `fill ${className}` });
    fill.style.width = `${(100 * count) / Math.max(before, after)}%`;
    return [element("dt", { textContent: name }), element("dd", { className: "track", "aria-hidden": "true" }, fill), element("dd", { textContent: bytes(count) })];
  };
  return element("dl", { className: "sizes" }, ...line("Before", before, ""), ...line("After", after, "is-after"),
    element("dd", { className: `sum${saved.isLarger ? " is-larger" : ""}`, textContent: saved.long }));
}

function facts(job, output) {
  const size = (media) => (media?.width ? `${media.width} × ${media.height}` : null);
  const took = job.startedAt && job.finishedAt ? span((job.finishedAt - job.startedAt) / 1000) : null;
  const groups = [
    ["Original", [["Picture", size(job.input)], ["Length", span(job.input.duration)], ["Size", bytes(job.input.size)]]],
    ["Result", output && [
      ["Picture", size(output)], ["Length", span(output.duration)], ["Size", bytes(output.size)],
      ["Video", output.videoCodec], ["Sound", output.audioCodec],
      ["Frames", output.frameRate ? `${Number(output.frameRate.toFixed(2))} per second` : null],
      ["Likeness (SSIM)", quality(output.ssim)],
    ]],
    ["Job", [
      ["Uploaded", moment(job.submittedAt)], ["Started", moment(job.startedAt)], ["Finished", moment(job.finishedAt)],
      ["Took", took], ["Pipeline", job.pipeline], ["Preset", (job.outputs || []).map((one) => one.preset).join(", ")], ["Id", job.id],
    ]],
  ];
  const boxes = groups.filter(([, rows]) => rows).map(([title, rows]) => {
    const known = rows.filter(([, value]) => value);
    if (known.length === 0) return null;
    const terms = known.flatMap(([name, value]) => [element("dt", { textContent: name }), element("dd", { textContent: value })]);
    return element("section", {}, element("h3", { textContent: title }), element("dl", {}, ...terms));
  });
  return element("div", { className: "facts" }, ...boxes);
}

function actions(job, output) {
  const foot = byID("details-foot");
  const focused = foot.contains(document.activeElement) ? document.activeElement.textContent : null;
  const buttons = [];
  if (job.canCancel) buttons.push(["Cancel job", "danger", "cancel"]);
  if (job.canRetry) buttons.push(["Try again", "", "retry"]);
  const made = buttons.map(([text, className, verb]) => element("button", { type: "button", className, textContent: text, onclick: (event) => act(job, verb, event.target) }));
  if (output?.url) {
    const link = element("a", { href: output.url, textContent: "Download" });
    link.download = fileName(output.key);
    made.push(link);
  }
  if (made.map((one) => one.textContent).join() === [...foot.children].map((one) => one.textContent).join()) return;
  foot.replaceChildren(...made);
  if (focused) (made.find((one) => one.textContent === focused) || byID("details-close")).focus();
}

async function act(job, verb, button) {
  button.disabled = true;
  try {
    await ask(`/api/jobs/${encodeURIComponent(job.id)}/${verb}`, { method: "POST" });
    announce(verb === "cancel" ? "The job is being cancelled." : "The job will be tried again.");
    await refreshDetails(job.id);
  } catch (error) {
    announce(error.status === 409 ? "The job has changed in the meantime." : error.message);
    await refreshDetails(job.id);
  } finally {
    button.disabled = false;
  }
}

/* ---------- Begin ---------- */

ask("/api/session").then((session) => signedIn(session.user), (error) => {
  signedOut(error.status === 401 ? "" : error.message);
});
