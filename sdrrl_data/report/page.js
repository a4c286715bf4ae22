"use strict";
// Shows the rows in #data. They are from strangers: their texts go into the page as text alone, never as markup.

const data = JSON.parse(document.getElementById("data").textContent);
const PAGE = 15; // rows that are shown at once
const WORST = 4; // scores that are shown at once: the worst of a text come first

const FACETS = [
  { key: "step", label: "step" },
  { key: "verdict", label: "verdict" },
  { key: "why", label: "reason" },
  { key: "change", label: "against the other" },
  { key: "direction", label: "direction", name: (direction) => direction.replace("->", " → ") },
  { key: "task", label: "task" },
  { key: "tgt", label: "language", name: (tag) => data.languages[tag] || tag },
];

const list = document.getElementById("list");
const form = document.getElementById("filters");
const search = document.getElementById("search");
const more = document.getElementById("more");
let shown = PAGE;

/** An element with attributes and children; strings become text. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== "") made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** The values of a row for a facet: none, one or several. */
function values(row, facet) {
  const value = row[facet.key];
  return value === undefined || value === null ? [] : [].concat(value);
}

/** A text with its marked spans: [start, end, class, title], in order and apart. */
function marked(text, spans) {
  const pieces = [];
  let end = 0;
  for (const [start, stop, kind, title] of spans) {
    if (start < end) continue;
    // Code and links read from left to right, also within Arabic: a tag would else be shown as <b/>.
    const dir = kind === "protected" ? "ltr" : undefined;
    pieces.push(text.slice(end, start), element("span", { class: kind, title, dir }, text.slice(start, stop)));
    end = stop;
  }
  return [...pieces, text.slice(end)];
}

function textOf(cell, [role, number], isLast) {
  const { text, protected: untouched = [], cut } = data.texts[number];
  const switched = isLast ? cell.switched || [] : [];
  const spans = [
    ...untouched.map(([start, end]) => [start, end, "protected", undefined]),
    ...switched.map(([start, end, original]) => [start, end, "switched", `instead of: ${original}`]),
  ].sort((one, other) => one[0] - other[0] || (one[2] === "switched" ? -1 : 1));
  const shownText = element("p", { class: "text", lang: cell.lang, dir: "auto" }, ...marked(text, spans));
  if (cut) shownText.append(element("span", { class: "cut", lang: "en" }, ` … ${cut.toLocaleString("en")} more characters`));
  return cell.turns.length > 1 ? [element("span", { class: "role" }, role), shownText] : [shownText];
}

function scoreItem([number, value]) {
  const { name, bound, says } = data.scores[number];
  return element("li", { title: says }, `${name} ${value}${bound ? ` (${bound})` : ""}`);
}

function cellOf(cell) {
  const dropped = cell.weight === undefined || cell.weight === 1 ? "" : cell.weight ? `, weight ${cell.weight}` : ", dropped";
  const label = element("p", { class: "label" }, `${cell.label} · ${cell.lang}${dropped}`);
  const texts = cell.turns.flatMap((turn, place) => textOf(cell, turn, place === cell.turns.length - 1));
  const made = element("div", { class: "cell" }, label, ...texts);
  const { failures = [], scores = [] } = cell;
  if (failures.length) made.append(element("ul", { class: "failures" }, ...failures.map((failure) => element("li", {}, failure))));
  const worst = scores.filter(([number]) => data.scores[number].bound).slice(0, WORST);
  const others = scores.filter((score) => !worst.includes(score));
  if (worst.length) made.append(element("ul", { class: "scores" }, ...worst.map(scoreItem)));
  if (others.length) {
    const rest = element("ul", { class: "scores" }, ...others.map(scoreItem));
    made.append(element("details", {}, element("summary", {}, `${others.length} more scores`), rest));
  }
  return made;
}

function badge(text, kind = text) {
  return element("span", { class: `badge ${kind === "kept in part" ? "part" : kind}` }, text);
}

function rowOf(row) {
  const seed = row.id.split("/")[0];
  const id = element("button", { type: "button", class: "plain", title: "show this question at every step" }, seed);
  id.addEventListener("click", () => {
    form.reset();
    search.value = seed;
    update();
    form.scrollIntoView();
  });
  const facts = [row.step, row.direction && row.direction.replace("->", " → "), row.task, row.tgt, ...row.facts].filter(Boolean);
  const head = element("div", { class: "head" }, row.verdict ? badge(row.verdict, row.verdict.replace("set aside", "aside")) : null);
  if (row.change) head.append(badge(row.change, row.change.includes("here") ? "here" : "there"));
  head.append(facts.join(" · "), id);
  if (row.why && row.why.length) head.append(element("span", { class: "bad" }, row.why.join(", ")));
  const cells = element("div", { class: row.cells.length > 1 ? "cells" : "cells single" }, ...row.cells.map(cellOf));
  const made = element("article", { class: "row folded", "aria-label": `${row.step}, ${seed}` }, head, cells);
  return made;
}

/** Texts that do not fit are faded at their end, and a button shows them whole. */
function foldLong(row) {
  const long = [...row.querySelectorAll(".text")].filter((text) => text.scrollHeight > text.clientHeight + 2);
  if (!long.length) return;
  long.forEach((text) => text.classList.add("long"));
  const button = element("button", { type: "button", class: "plain", "aria-expanded": "false" }, "show whole texts");
  button.addEventListener("click", () => {
    const folded = row.classList.toggle("folded");
    button.textContent = folded ? "show whole texts" : "show less";
    button.setAttribute("aria-expanded", String(!folded));
  });
  row.append(button);
}

const searched = new Map(data.rows.map((row) => {
  const texts = row.cells.flatMap((cell) => cell.turns.map(([, number]) => data.texts[number].text));
  return [row, [row.id, ...texts].join("\n").toLowerCase()];
}));

function matches(row, except) {
  const words = search.value.trim().toLowerCase();
  if (words && !searched.get(row).includes(words)) return false;
  return FACETS.every((facet) => {
    const wanted = facet.select && facet.select.value;
    return facet === except || !wanted || values(row, facet).includes(wanted);
  });
}

/** The select of a facet, with how many rows each choice would show. */
function count(facet) {
  const rows = data.rows.filter((row) => matches(row, facet));
  for (const option of facet.select.options) {
    const fitting = option.value ? rows.filter((row) => values(row, facet).includes(option.value)).length : rows.length;
    const name = option.value ? (facet.name || String)(option.value) : "any";
    option.textContent = `${name} (${fitting})`;
    option.disabled = !fitting && option.value !== facet.select.value;
  }
}

function update(atMost = PAGE) {
  shown = atMost;
  FACETS.filter((facet) => facet.select).forEach(count);
  const rows = data.rows.filter((row) => matches(row));
  list.replaceChildren(...rows.slice(0, shown).map(rowOf));
  list.querySelectorAll(".row").forEach(foldLong);
  more.hidden = rows.length <= shown;
  document.getElementById("count").textContent = rows.length
    ? `${Math.min(shown, rows.length)} of ${rows.length} rows shown`
    : "No row fits: choose less, or search for other words.";
}

FACETS.forEach((facet) => {
  const all = [...new Set(data.rows.flatMap((row) => values(row, facet)))];
  if (all.length < 2 && facet.key !== "change") return;
  if (!all.length) return;
  const options = ["", ...all].map((value) => element("option", { value }));
  options[0].setAttribute("value", "");
  facet.select = element("select", { id: `facet-${facet.key}` }, ...options);
  const label = element("label", { for: facet.select.id }, facet.label);
  form.insertBefore(element("div", {}, label, facet.select), form.lastElementChild);
  facet.select.addEventListener("change", () => update());
});

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(update));
search.addEventListener("input", () => update());
more.addEventListener("click", () => update(shown + PAGE));
update();
