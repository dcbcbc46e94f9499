"use strict";
// Everything from telemetry is set as text, never as markup. Rows are updated in place, so that nothing flickers and the focus is kept.
const every = 2000, byId = (id) => document.getElementById(id);
const rows = new Map(); // key → {row, cells, data}; the key is the name, with a number if truncated names are equal
let sort = { by: "name", down: false }, filter = "", show = "all", data = null, skew = 0;

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
function setText(e, text) { if (e.textContent !== text) e.textContent = text; }
function setHidden(e, hidden) { if (e.hidden !== hidden) e.hidden = hidden; }

// now is the time of the collector's clock, by which overrides expire.
const now = () => Date.now() + skew;
function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000)), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
  if (h >= 48) return Math.floor(h / 24) + " d";
  if (h > 0) return h + " h " + m + " min";
  if (m > 0) return m + " min " + (s % 60) + " s";
  return s + " s";
}
const ago = (time) => !time ? "never" : now() - Date.parse(time) < 3000 ? "now" : span(now() - Date.parse(time)) + " ago";
function why(rate) {
  if (rate.rule === "always_keep_trace") return "its trace is kept whole";
  const source = rate.budget && budgetSources[rate.source] || sources[rate.source] || rate.source;
  return rate.rule === "pattern" ? "pattern " + rate.pattern + ", " + source : source;
}

// rateText is a rate; one that follows from a budget has no digits that tell nothing.
const rateText = (rate) => rate.budget ? percent(Number(rate.sample_rate.toPrecision(3))) : percent(rate.sample_rate);
// perSecond is a number of items a second for people.
const perSecond = (n) => number.format(n >= 100 ? Math.round(n) : Number(n.toPrecision(3))) + "/s";
function budgetOf(rate) {
  const b = rate.budget, arrived = b.arrived_per_second === null ? "" : ", " + perSecond(b.arrived_per_second) + " arrived";
  return perSecond(b.items_per_second) + arrived;
}
const guardOf = (rate) => rate.budget && rate.budget.halvings ? "lowered to 1/" + number.format(2 ** rate.budget.halvings) + " until the interval ends" : "";

function newRow(name, hasRates, label) {
  const row = element("tr"), cells = {};
  row.setAttribute("role", "row");
  const cell = (label) => {
    const td = element("td");
    td.setAttribute("role", "cell");
    if (label) td.dataset.label = label;
    row.append(td);
    return td;
  };
  const first = cell(), text = element("bdi", "", label || name);
  if (hasRates) {
    const button = element("button", "name");
    button.type = "button";
    button.title = "explain";
    button.append(text);
    button.addEventListener("click", () => ask(name));
    first.append(button);
  } else first.append(text);
  cells.tags = {};
  for (const [key, kind, tag] of [["unregistered", "warn", "not registered"], ["temporary", "warn", "temporary"], ["unlisted", "", "no override"], ["cut", "", "cut"]]) {
    cells.tags[key] = element("span", "tag " + kind, tag);
    cells.tags[key].hidden = true;
    first.append(cells.tags[key]);
  }
  for (const signal of signals) {
    const rate = cell("rate of " + items[signal]), counts = cell(items[signal] + " kept");
    const c = { rate: element("span", "rate"), why: element("span", "why"), until: element("span", "until"), budget: element("span", "why"), guard: element("span", "guarded"),
      bar: element("div", "kept"), numbers: element("span", "numbers"), cell: counts };
    c.until.hidden = c.budget.hidden = c.guard.hidden = true;
    c.bar.setAttribute("aria-hidden", "true"); // the numbers are read instead
    rate.append(c.rate, c.why, c.budget, c.guard, c.until);
    counts.append(c.bar, c.numbers);
    cells[signal] = c;
  }
  cells.seen = cell("last seen");
  return { row, cells };
}

function fillCounts(c, counts) {
  const all = received(counts), share = all ? 100 * counts.kept / all : 0;
  const width = share.toFixed(2) + "%", least = counts.kept ? "2px" : "0";
  if (c.width !== width) c.bar.style.setProperty("--share", c.width = width);
  if (c.least !== least) c.bar.style.setProperty("--least", c.least = least);
  c.cell.classList.toggle("none", all === 0);
  setText(c.numbers, all ? number.format(counts.kept) + " of " + number.format(all) : "none seen");
}

function fillRate(c, rate) {
  setText(c.rate, rateText(rate));
  setText(c.why, why(rate));
  setHidden(c.budget, !rate.budget);
  if (rate.budget) {
    setText(c.budget, "budget " + budgetOf(rate));
    const since = rate.budget.since ? "rate since " + new Date(rate.budget.since).toLocaleTimeString() : "initial rate";
    if (c.budget.title !== since) c.budget.title = since;
  }
  const guard = guardOf(rate);
  setHidden(c.guard, !guard);
  setText(c.guard, guard);
}

function fillTimes(entry) {
  setText(entry.cells.seen, ago(entry.data.last_seen));
  for (const signal of signals) {
    const until = entry.data[signal].expires_at;
    setHidden(entry.cells[signal].until, !until);
    if (until) setText(entry.cells[signal].until, "ends in " + span(Date.parse(until) - now()));
  }
}

const temporary = (n) => signals.some((signal) => n[signal].expires_at);
const onGlobal = (n) => signals.every((signal) => n[signal].rule === "global");
const received = (counts) => counts.kept + counts.dropped;

function fill(entry, n) {
  entry.data = n;
  for (const signal of signals) {
    fillRate(entry.cells[signal], n[signal]);
    fillCounts(entry.cells[signal], n[signal]);
  }
  setHidden(entry.cells.tags.unregistered, n.registered !== false);
  setHidden(entry.cells.tags.temporary, !temporary(n));
  setHidden(entry.cells.tags.unlisted, !(n.registered === true && onGlobal(n)));
  setHidden(entry.cells.tags.cut, !n.cut);
  fillTimes(entry);
}

const keys = { name: (n) => n.name, seen: (n) => n.last_seen ? Date.parse(n.last_seen) : 0 };
for (const s of signals) Object.assign(keys, { [s]: (n) => received(n[s]), [s + "_rate"]: (n) => n[s].sample_rate });
const shows = {
  all: () => true, temporary, budget: (n) => signals.some((signal) => n[signal].budget), override: (n) => !onGlobal(n), global: onGlobal,
  unregistered: (n) => n.registered === false, unseen: (n) => !n.last_seen,
};

// arrange shows the selected rows in order. It does nothing if they are in place already.
function arrange() {
  if (!data) return;
  const key = keys[sort.by], sign = sort.down ? -1 : 1, wanted = filter.toLowerCase();
  const list = [...rows.values()].filter((e) => shows[show](e.data) && e.data.name.toLowerCase().includes(wanted));
  list.sort((a, b) => {
    const x = key(a.data), y = key(b.data);
    return x < y ? -sign : x > y ? sign : a.data.name < b.data.name ? -1 : 1;
  });
  const body = byId("rows");
  const same = body.children.length === list.length && list.every((e, i) => body.children[i] === e.row);
  if (!same) {
    const focused = document.activeElement;
    body.replaceChildren(...list.map((e) => e.row));
    if (focused && focused !== document.activeElement && body.contains(focused)) focused.focus({ preventScroll: true });
  }
  setText(byId("count"), list.length === rows.size ? "(" + number.format(rows.size) + ")" :
    "(" + number.format(list.length) + " of " + number.format(rows.size) + ")");
  setHidden(byId("nothing"), list.length > 0);
  for (const th of document.querySelectorAll("th")) {
    if (th.dataset.sort === sort.by) th.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
    else th.removeAttribute("aria-sort");
  }
}

const sums = {};
function fillSums(key, label, n) {
  sums[key] ??= newRow("", false, label);
  const isSeen = signals.some((signal) => received(n[signal]) > 0);
  const hasOverride = signals.some((signal) => n[signal].rule && n[signal].rule !== "global");
  for (const signal of signals) {
    fillCounts(sums[key].cells[signal], n[signal]);
    if (n[signal].rule) fillRate(sums[key].cells[signal], n[signal]);
  }
  setText(sums[key].cells.seen, ago(n.last_seen));
  if ((isSeen || hasOverride) && !sums[key].row.isConnected) byId("sums").append(sums[key].row);
}

function fillState() {
  const s = data.state, states = [];
  if (!s.postgres) states.push(["", "no Postgres: attributes only"]);
  else if (s.postgres.reachable === null) states.push(["", "Postgres not used yet"]);
  else if (s.postgres.reachable) states.push(["good", "Postgres answers"]);
  else states.push(["bad", "Postgres has been unreachable for " + span(now() - Date.parse(s.postgres.since))]);
  if (s.cache) states.push(["", "cache " + number.format(s.cache.entries) + " of " + number.format(s.cache.max_entries)]);
  if (s.breaker) states.push([s.breaker.state === "closed" ? "good" : "bad", "breaker " + s.breaker.state.replace("_", " ")]);
  if (s.hold) states.push(["", number.format(s.hold.spans) + " of " + number.format(s.hold.max_spans) + " spans held"]);
  const r = s.remainder;
  if (r && r.forgotten > 0) states.push(["bad", "remainder forgets"]);
  else if (r) states.push(["", "remainder on: " + number.format(r.series) + " series"]);
  if (data.registry && data.registry.error) states.push(["bad", "registry cannot be read" +
    (data.registry.read_at ? ", last read " + ago(data.registry.read_at) : "")]);
  else if (data.registry && data.registry.read_at) states.push(["", "registry read " + ago(data.registry.read_at)]);
  const o = s.runtime_overrides;
  if (o && o.error) states.push(["bad", "runtime overrides cannot be read" + (o.read_at ? ", last read " + ago(o.read_at) : "")]);
  else if (o && o.read_at) states.push(["", "runtime overrides read " + ago(o.read_at)]);
  if (o && o.rejected) states.push(["bad", number.format(o.rejected) + (o.rejected === 1 ? " row" : " rows") + " of runtime overrides skipped"]);
  const f = s.fleet;
  if (f && f.error) states.push(["bad", "budgets are not shared" + (f.answered_at ? ", last answer " + ago(f.answered_at) : ": for this collector alone")]);
  else if (f && f.answered_at) states.push(["", "budgets shared by " + number.format(f.collectors) + (f.collectors === 1 ? " collector" : " collectors")]);
  else if (f) states.push(["", "budgets not shared yet"]);
  const list = byId("state");
  while (list.children.length > states.length) list.lastChild.remove();
  states.forEach(([kind, text], i) => {
    if (!list.children[i]) list.append(element("li"));
    if (list.children[i].className !== kind) list.children[i].className = kind;
    setText(list.children[i], text);
  });
}

// fillList updates the items of a list, each of which consists of parts: a class and a text.
function fillList(list, entries) {
  while (list.children.length > entries.length) list.lastChild.remove();
  entries.forEach((parts, i) => {
    if (!list.children[i]) list.append(element("li"));
    const li = list.children[i], content = JSON.stringify(parts);
    if (li.content === content) return;
    li.content = content;
    li.replaceChildren(...parts.map(([className, text]) => element(className === "key" ? "bdi" : "span", className, text)));
  });
}

function fillNotices() {
  const notices = [];
  if (data.dry_run) notices.push([["", "This is a dry run: nothing is dropped or changed. Counts show what would be dropped."]]);
  for (const signal of signals) {
    if (!data.enabled[signal]) notices.push([["", settings[signal] + "::enabled is false: all " + items[signal] + " are dropped, at any rate."]]);
  }
  for (const p of data.problems) notices.push([["", number.format(p.count) + " " + p.consequence + "."], ["why", p.setting + ", " + p.documentation]]);
  fillList(byId("notices"), notices);
  setHidden(byId("notices"), notices.length === 0);
}

// itemsOf returns what an override for a signal applies to.
const itemsOf = (signal) => signal === "all" ? "all signals" : Object.hasOwn(items, signal) ? items[signal] : signal;

function fillOverrides() {
  const list = data.overrides.slice(0, 1000), more = data.overrides.length - list.length;
  const entries = list.map((o) => {
    const parts = [["key", o.key || "without a namespace"], ["rate", o.sample_rate === null ? perSecond(o.items_per_second) : percent(o.sample_rate)], ["why", "for " + itemsOf(o.signal) + ", " + sources[o.source]]];
    if (o.expires_at) parts.push(["until", "ends in " + span(Date.parse(o.expires_at) - now())]);
    if (o.updated_at) parts.push(["why", "set " + ago(o.updated_at)]);
    if (o.reason || o.updated_by) parts.push(["why", [o.reason, o.updated_by && "by " + o.updated_by].filter(Boolean).join(", ")]);
    return parts;
  });
  if (more > 0) entries.push([["why", number.format(more) + " more: see /namespaces"]]);
  fillList(byId("overrides-list"), entries);
  setText(byId("overrides-count"), "(" + number.format(data.overrides.length) + ")");
  const skipped = data.state.runtime_overrides ? data.state.runtime_overrides.rejected_rows : [];
  fillList(byId("skipped-list"), skipped.map((r) => [["key", r.namespace], ["why", "for " + itemsOf(r.signal)], ["why", r.error]]));
  setHidden(byId("skipped"), skipped.length === 0);
}

function refresh(fresh) {
  data = fresh;
  const known = new Set();
  for (const n of data.namespaces) {
    let key = n.name;
    for (let i = 2; known.has(key); i++) key = n.name + " " + i;
    known.add(key);
    if (!rows.has(key)) rows.set(key, newRow(n.name, true));
    fill(rows.get(key), n);
  }
  for (const key of rows.keys()) if (!known.has(key)) rows.delete(key);
  fillSums("none", "without a namespace", data.none);
  fillSums("other", "other namespaces", data.other);
  fillState();
  fillNotices();
  fillBudgets();
  fillOverrides();
  arrange();
}

let loading = false;
async function load() {
  if (loading || document.hidden && data) return;
  loading = true;
  const trouble = byId("trouble");
  try {
    const response = await fetch("namespaces", { signal: AbortSignal.timeout(10000) });
    if (!response.ok) throw new Error("the collector answered with status " + response.status);
    const date = Date.parse(response.headers.get("Date"));
    const fresh = await response.json();
    if (date) skew = Math.abs(date - Date.now()) > 2000 ? date - Date.now() : 0; // Date has whole seconds
    refresh(fresh);
    setHidden(trouble, true);
  } catch (error) {
    setText(trouble, "This page may be out of date: " + error.message);
    setHidden(trouble, false);
  } finally {
    loading = false;
  }
}

function tick() {
  if (!data || document.hidden) return;
  for (const entry of rows.values()) if (entry.row.isConnected) fillTimes(entry);
  fillState();
  if (byId("overrides").open) fillOverrides();
}

function ask(name) {
  byId("explain").open = true;
  byId("question").elements.namespace.value = name;
  byId("question").requestSubmit();
  byId("question").elements.trace_id.focus();
}

// arrangeQuestion shows the fields that the decision on an item of the signal depends on. Hidden ones are not asked.
function arrangeQuestion() {
  const fields = byId("question").elements, signal = fields.signal.value;
  for (const [name, isShown] of [["trace_id", signal !== "metrics"], ["tracestate", signal === "traces"]]) {
    fields[name].disabled = !isShown;
    setHidden(fields[name].closest("label"), !isShown);
  }
}

const randomnessOf = { trace_id: "of the trace ID", rv: "of the tracestate", group: "of the group" };
let questions = 0; // asked so far
async function explain(event) {
  event.preventDefault();
  arrangeQuestion();
  const question = ++questions; // only the last one is answered
  const asked = new URLSearchParams([...new FormData(byId("question"))].filter(([, value]) => value !== ""));
  const answer = byId("answer");
  try {
    const response = await fetch("explain?" + asked), e = await response.json();
    if (question !== questions) return;
    if (!response.ok) throw new Error(e.error);
    const list = element("dl");
    const add = (term, text) => {
      const dd = element("dd");
      dd.append(element("bdi", "", text));
      list.append(element("dt", "", term), dd);
    };
    if (e.decision) add("Decision", e.decision);
    if (e.disabled) add("Disabled", e.disabled + " is false: everything is dropped");
    if (e.dry_run) add("Dry run", "nothing is dropped; this is what would happen");
    add("Namespace", e.namespace || "none");
    add("Rate", rateText(e) + ", " + why(e));
    if (e.budget) add("Budget", [budgetOf(e), guardOf(e)].filter(Boolean).join(", "));
    add("Threshold", e.threshold);
    if (e.randomness) {
      const compared = e.disabled ? "" : e.decision === "kept" ? ": not below the threshold" : ": below the threshold";
      add("Randomness", e.randomness + ", " + randomnessOf[e.randomness_source] + compared);
    }
    if (e.fault === "group_overruled") add("Group", "overruled: an earlier sampler has decided by another randomness");
    else if (e.fault) add(e.fault === "no_randomness" ? "Trace ID" : "Tracestate", e.fault);
    if (e.expires_at) add("Ends", new Date(e.expires_at).toLocaleString());
    answer.replaceChildren(list);
  } catch (error) {
    if (question === questions) answer.replaceChildren(element("p", "error", error.message));
  }
}

function sortBy(by, toggle) {
  const numeric = by !== "name";
  sort = { by, down: toggle && sort.by === by ? !sort.down : numeric };
  byId("sort").value = by;
  arrange();
}

byId("question").addEventListener("submit", explain);
byId("question").elements.signal.addEventListener("change", arrangeQuestion);
byId("filter").addEventListener("input", (event) => { filter = event.target.value; arrange(); });
byId("show").addEventListener("change", (event) => { show = event.target.value; arrange(); });
byId("sort").addEventListener("change", (event) => sortBy(event.target.value, false));
for (const th of document.querySelectorAll("th")) th.firstChild.addEventListener("click", () => sortBy(th.dataset.sort, true));
document.addEventListener("visibilitychange", load);
arrangeQuestion(); // the browser may restore the form
load();
setInterval(load, every);
setInterval(tick, 1000);
