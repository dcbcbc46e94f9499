"use strict";
// Everything from telemetry is set as text, never as markup. The files page.*.js are one script, in the order in which page.go lists them.
const byId = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en-US"), percent = (rate) => trim(rate * 100) + " %";
const trim = (value) => String(Number(value.toPrecision(6)));
const items = { traces: "spans", metrics: "data points", logs: "log records" }, signals = Object.keys(items);
const settings = { traces: "tracing", metrics: "metrics", logs: "logs" }; // the section of the configuration
const sources = {
  runtime_override: "runtime override", signal_override: "override for this signal", shared_override: "override",
  signal_global: "global rate of this signal", global: "global rate", trace: "remembered with its trace",
};
const budgetSources = { signal_global: "shared budget" }; // where a rate follows from a budget

function element(tag, className, text) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (text !== undefined) e.textContent = text;
  return e;
}
function button(className, text, onClick) {
  const e = element("button", className, text);
  e.type = "button";
  e.addEventListener("click", onClick);
  return e;
}
function setText(e, text) { if (e.textContent !== text) e.textContent = text; }
function setHidden(e, hidden) { if (e.hasAttribute("hidden") !== hidden) e.toggleAttribute("hidden", hidden); } // SVG has no property hidden
const plural = (n, noun) => number.format(n) + " " + noun + (n === 1 ? "" : "s");

// now is the time of the collector's clock, by which overrides end. While the collector does not answer, it is the time of its last answer.
let skew = 0, staleAt = 0;
const now = () => staleAt || Date.now() + skew;
function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000)), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
  if (h >= 48) return Math.floor(h / 24) + " d";
  if (h > 0) return h + " h " + m + " min";
  if (m > 0) return m + " min " + (s % 60) + " s";
  return s + " s";
}
const since = (time) => span(now() - Date.parse(time));
const ago = (time) => !time ? "never" : now() - Date.parse(time) < 3000 ? "now" : since(time) + " ago";
const clock = (time) => new Date(time).toLocaleTimeString("en-GB");

// perSecond is a number of items a second for people.
const perSecond = (n) => number.format(n >= 100 ? Math.round(n) : Number(n.toPrecision(3))) + "/s";
const arrived = (counts) => counts ? counts.kept + counts.dropped : 0;
// shareOf is a share kept in whole per cent, unless that would say none or all of what is neither.
function shareOf(counts) {
  const share = 100 * counts.kept / arrived(counts), whole = Math.round(share);
  if (whole === 0 && share > 0) return share < 0.01 ? "under 0.01 %" : share.toPrecision(2) + " %";
  if (whole === 100 && counts.dropped > 0) return "over 99 %";
  return whole + " %";
}

function why(rate) {
  if (rate.rule === "always_keep_trace") return "its trace is kept whole";
  const source = rate.budget && budgetSources[rate.source] || sources[rate.source] || rate.source;
  return rate.rule === "pattern" ? "pattern " + rate.pattern + ", " + source : source;
}
// rateText is a rate; one that follows from a budget has no digits that tell nothing.
const rateText = (rate) => rate.budget ? percent(Number(rate.sample_rate.toPrecision(3))) : percent(rate.sample_rate);
function budgetOf(rate) {
  const b = rate.budget, came = b.arrived_per_second === null ? "" : ", " + perSecond(b.arrived_per_second) + " arrived";
  return perSecond(b.items_per_second) + came;
}
const guardOf = (rate) => rate.budget && rate.budget.halvings ? "lowered to 1/" + number.format(2 ** rate.budget.halvings) + " until the interval ends" : "";
// itemsOf returns what an override for a signal applies to.
const itemsOf = (signal) => signal === "all" ? "all signals" : Object.hasOwn(items, signal) ? items[signal] : signal;

// fillList updates the items of a list, each of which consists of parts: a class, a text, and for a link its address.
function fillList(list, entries) {
  while (list.children.length > entries.length) list.lastChild.remove();
  entries.forEach((parts, i) => {
    if (!list.children[i]) list.append(element("li"));
    const li = list.children[i], content = (parts.className || "") + JSON.stringify(parts);
    if (li.content === content) return;
    li.content = content;
    li.className = parts.className || "";
    // Parts of the same kind are updated in place, so that a link keeps the focus, and takes a click, while a text beside it changes.
    const kind = JSON.stringify(parts.map(([className, , address]) => [className, address]));
    if (li.kind === kind) parts.forEach(([, text], n) => setText(li.children[n], text));
    else li.replaceChildren(...parts.map(part));
    li.kind = kind;
  });
}
const tags = { key: "bdi", strong: "strong" };
function part([className, text, address]) {
  if (!address) return element(tags[className] || "span", className, text);
  const a = element("a", className, text);
  a.href = address;
  a.rel = "noreferrer";
  a.target = "_blank";
  return a;
}
