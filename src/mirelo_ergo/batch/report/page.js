"use strict";
// Everything that came from a manifest or a service is put in as text, never as markup.
const data = JSON.parse(document.getElementById("data").textContent);
const at = id => document.getElementById(id);
const SIZE = 100; // rows at once: ten thousand rows would make every key stroke slow
const PLAYS = { audio: /\.(wav|mp3|flac|ogg|opus|m4a|aac)$/i, video: /\.(mp4|webm|mov|m4v)$/i };
const body = document.querySelector("#items tbody");
const heads = [...document.querySelectorAll("thead [data-key]")];
const collator = new Intl.Collator("en", { numeric: true });
at("unscripted").hidden = true;
let found = [], page = 0, sort = null, playing = null;

for (const item of data.items) {
  item.hay = [item.id, item.prompt, item.operation, item.failure, ...item.files].join("\n").toLowerCase();
}

const count = n => n.toLocaleString("en");
const money = item => item.charged === null ? "" : `${item.charged.toLocaleString("en", { maximumFractionDigits: 6 })} ${item.unit}`;
const time = seconds => seconds === null ? "" : seconds < 90 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter(child => child !== null));
  return element;
}

function result(name) {
  const kind = Object.keys(PLAYS).find(each => PLAYS[each].test(name));
  const url = data.base + name.split("/").map(encodeURIComponent).join("/");
  if (!kind) return make("li", {}, make("a", { href: url }, name));
  const button = make("button", { type: "button" }, "▶ ", name);
  button.setAttribute("aria-label", `Play ${name}`);
  if (playing === name) button.setAttribute("aria-current", "true");
  button.addEventListener("click", () => play(kind, name, url, button));
  return make("li", {}, button);
}

function row(item) {
  const more = make("details", {}, make("summary", {}, "Request"), make("pre", {}, JSON.stringify(item.request, null, 2)));
  const tr = make("tr", {},
    make("th", { scope: "row" }, make("span", { className: "id" }, item.id), make("p", { className: "small" }, `${item.service} ${item.operation}`)),
    make("td", {}, make("span", { className: "state" }, item.state), item.reused ? make("p", { className: "small" }, "reused") : null,
      item.attempts > 1 ? make("p", { className: "small" }, `${item.attempts} attempts`) : null),
    make("td", {}, make("p", {}, item.prompt), item.failure ? make("p", { className: "failure" }, item.failure) : null, more),
    make("td", {}, make("ul", { className: "results" }, ...item.files.map(result))),
    make("td", { className: "number" }, money(item)),
    make("td", { className: "number" }, time(item.seconds)));
  tr.dataset.state = item.state;
  return tr;
}

function play(kind, name, url, button) {
  for (const media of document.querySelectorAll("audio, video")) {
    media.pause();
    media.hidden = media.localName !== kind;
  }
  for (const each of body.querySelectorAll("[aria-current]")) each.removeAttribute("aria-current");
  button.setAttribute("aria-current", "true");
  playing = name;
  at("player").hidden = false;
  at("playing").textContent = name;
  const media = document.querySelector(kind);
  media.src = url;
  media.play().catch(() => {}); // what is wrong is told by the error event
}

for (const media of document.querySelectorAll("audio, video")) {
  media.addEventListener("error", () => { at("playing").textContent = `${playing} cannot be played: it is not beside this report, or it is of a kind that this browser does not know`; });
}

function compare(a, b) {
  const [x, y] = [a[sort.key], b[sort.key]];
  if (x === y) return 0;
  if (x === null) return 1; // what there is no value for comes last, either way
  if (y === null) return -1;
  return sort.sign * (typeof x === "number" ? x - y : collator.compare(x, y));
}

function show() {
  const last = Math.max(0, Math.ceil(found.length / SIZE) - 1);
  page = Math.min(Math.max(page, 0), last);
  const from = page * SIZE, to = Math.min(from + SIZE, found.length);
  body.replaceChildren(...found.slice(from, to).map(row));
  at("found").textContent = found.length === 0 ? `None of ${count(data.items.length)} items`
    : `${count(from + 1)} to ${count(to)} of ${count(found.length)} items` + (found.length < data.items.length ? ` found among ${count(data.items.length)}` : "");
  at("page").textContent = `Page ${count(page + 1)} of ${count(last + 1)}`;
  at("earlier").disabled = page === 0;
  at("later").disabled = page === last;
}

function find() {
  const words = at("text").value.toLowerCase().split(/\s+/).filter(Boolean);
  const [state, service] = [at("state").value, at("service").value];
  found = data.items.filter(item => (!state || item.state === state) && (!service || item.service === service)
    && words.every(word => item.hay.includes(word)));
  if (sort) found.sort(compare);
  page = 0;
  show();
}

for (const head of heads) {
  head.setAttribute("aria-sort", "none");
  head.firstElementChild.addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const each of heads) each.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    sort = { key: head.dataset.key, sign: up ? 1 : -1 };
    find();
  });
}

for (const name of ["state", "service"]) {
  const values = [...new Set(data.items.map(item => item[name]))];
  at(name).append(...values.map(value => make("option", { value }, value)));
  at(name).closest("p").hidden = values.length < 2;
}

function turn(by) {
  page += by;
  show();
  document.querySelector(".scroll").scrollIntoView({ block: "nearest" });
}

at("filters").addEventListener("input", find);
at("filters").addEventListener("submit", event => event.preventDefault());
at("filters").addEventListener("reset", () => setTimeout(find)); // the fields are empty only after this event
at("earlier").addEventListener("click", () => turn(-1));
at("later").addEventListener("click", () => turn(1));
find();
