// Keeps the page as the emulator is without disturbing the person who uses it. The server renders all of it; this looks again
// every second and carries over what has changed. A player is never touched, one that plays stays even when its job has
// left the list, and what a person has opened, typed or focused stays as it is. Without script the page is whole too: its forms lead back to it.

const PERIOD = 1000; // ms from one look to the next
const PATIENCE = 5000; // ms for an answer
const QUIET = 5000; // ms between two sentences about jobs: a listener is told of ends, not of every percent

const news = document.getElementById("news");
const pause = document.getElementById("pause");
const ended = { succeeded: 0, errored: 0 }; // since the last sentence
let saidAt = -QUIET;
let shown = "";
let timer = 0;
let connected = true;
let work = Promise.resolve(); // one request after the other, so that no older page comes after a newer one

function say(text) {
  news.textContent = text;
}

function count(page, status) {
  return Number(page.getElementById(`count-${status}`).textContent);
}

function tellOfJobs() {
  if (performance.now() - saidAt < QUIET) return;
  const words = [
    [ended.succeeded, "succeeded"],
    [ended.errored, "failed"],
  ];
  const parts = words.filter(([number]) => number).map(([number, end]) => `${number} ${number === 1 ? "job" : "jobs"} ${end}`);
  if (!parts.length) return;
  say(`${parts.join(", ")}.`);
  ended.succeeded = ended.errored = 0;
  saidAt = performance.now();
}

function carryAttributes(now, next) {
  for (const { name } of [...now.attributes]) {
    if (!next.hasAttribute(name) && name !== "open") now.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  }
}

function plays(element) {
  return [...element.querySelectorAll("audio, video")].some((player) => !player.paused);
}

function carry(now, next) {
  if (now.nodeType !== Node.ELEMENT_NODE) {
    if (now.data !== next.data) now.data = next.data;
    return;
  }
  if (now instanceof HTMLMediaElement || now.isEqualNode(next)) return;
  carryAttributes(now, next);
  const kept = new Set([...next.children].map((child) => child.id));
  for (const child of [...now.children]) {
    if (child.id && !kept.has(child.id) && !plays(child)) child.remove();
  }
  // Lists only grow at their beginning and lose at their end, so what stays is met in order and never moved: a player
  // that is moved stops.
  let at = now.firstChild;
  for (const child of next.childNodes) {
    if (at && at.nodeName === child.nodeName && at.id === child.id) {
      carry(at, child);
      at = at.nextSibling;
    } else {
      now.insertBefore(document.importNode(child, true), at);
    }
  }
  while (at) {
    const rest = at.nextSibling;
    if (at.nodeType !== Node.ELEMENT_NODE || !plays(at)) at.remove();
    at = rest;
  }
}

function show(text) {
  if (text === shown) return;
  shown = text;
  const next = new DOMParser().parseFromString(text, "text/html");
  for (const status of Object.keys(ended)) {
    ended[status] += Math.max(0, count(next, status) - count(document, status));
  }
  const focused = document.activeElement;
  const part = focused.closest("form, section");
  for (const id of ["facts", "main"]) carry(document.getElementById(id), next.getElementById(id));
  if (!focused.isConnected) part?.querySelector("[tabindex='-1']")?.focus();
  const answer = next.getElementById("news").textContent;
  if (answer) say(answer);
}

async function load(address, options = {}) {
  try {
    const response = await fetch(address, { ...options, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    const text = await response.text();
    if (!response.headers.get("content-type").startsWith("text/html")) {
      say(text);
      return;
    }
    show(text);
    if (!connected) say("The emulator answers again.");
    connected = true;
  } catch {
    if (connected) say("The emulator does not answer. Trying again.");
    connected = false;
  }
}

function queue(address, options) {
  work = work.then(() => load(address, options));
  return work;
}

function isPaused() {
  return pause.getAttribute("aria-pressed") === "true";
}

async function look() {
  clearTimeout(timer);
  if (document.hidden || isPaused()) return;
  await queue("/");
  tellOfJobs();
  clearTimeout(timer);
  timer = setTimeout(look, PERIOD);
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    say("Copied.");
  } catch { // not allowed here: then the text is marked, for the keys that copy
    getSelection().selectAllChildren(button.parentElement.querySelector("code"));
    say("Marked: copy it with the keyboard.");
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});
document.addEventListener("submit", (event) => {
  event.preventDefault();
  for (const step of event.target.querySelectorAll("#reset-sure")) step.open = false;
  queue(event.target.action, { method: "POST", body: new URLSearchParams(new FormData(event.target, event.submitter)) });
});
document.addEventListener("visibilitychange", look);
pause.addEventListener("click", () => {
  pause.setAttribute("aria-pressed", String(!isPaused()));
  look();
});
pause.hidden = false;
for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
look();
