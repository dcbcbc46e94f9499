// The rows of the table. Only those near the screen exist: chunks of rows are rendered as they come into view, and replaced by an empty row of
// their height when they leave it. What is rendered is updated in place, so that nothing flickers and the focus is kept.
const rendered = new Map(); // key → {row, cells, data}; the key is the name, with a number if truncated names are equal
const byKey = new Map(); // key → the data of a namespace
let order = []; // keys as they are shown
let sort = "-dropped", filter = "", show = "all", data = null;

const temporary = (n) => signals.some((signal) => n[signal].expires_at);
const onGlobal = (n) => signals.every((signal) => n[signal].rule === "global");
const total = (n, kind) => signals.reduce((sum, signal) => sum + (n[signal].recent ? n[signal].recent[kind] : 0), 0);
const inAll = (counts) => counts.kept + counts.dropped;
const keys = {
  name: (n) => n.name, seen: (n) => n.last_seen ? Date.parse(n.last_seen) : 0, dropped: (n) => total(n, "dropped"),
  arrived: (n) => total(n, "kept") + total(n, "dropped"),
  share: (n) => total(n, "kept") / (total(n, "kept") + total(n, "dropped")), // NaN without items, which come last
};
for (const s of signals) Object.assign(keys, { [s]: (n) => arrived(n[s].recent), [s + "_rate"]: (n) => n[s].sample_rate });
const shows = {
  all: () => true, now: (n) => signals.some((signal) => n[signal].recent), temporary, budget: (n) => signals.some((signal) => n[signal].budget),
  override: (n) => !onGlobal(n), global: onGlobal, unregistered: (n) => n.registered === false, unseen: (n) => !n.last_seen,
};

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
    const explain = button("name", "", () => openPanel(name, explain));
    explain.title = "explain";
    explain.append(text);
    first.append(explain);
  } else first.append(text);
  cells.tags = {};
  for (const [key, kind, tag] of [["unregistered", "warn", "not registered"], ["temporary", "warn", "temporary"], ["skipped", "bad", "row skipped"], ["unlisted", "", "no override"], ["cut", "", "cut"]]) {
    cells.tags[key] = element("span", "tag " + kind, tag);
    cells.tags[key].hidden = true;
    first.append(cells.tags[key]);
  }
  cells.change = button("change", "change this rate", () => openPanel(name, cells.change, true));
  cells.change.setAttribute("aria-label", "change this rate: " + (label || name));
  first.append(cells.change);
  for (const signal of signals) {
    const rate = cell("rate of " + items[signal]), counts = cell(items[signal] + " kept");
    const c = { rate: element("span", "rate"), why: element("span", "why"), until: element("span", "until"), budget: element("span", "why"), guard: element("span", "guarded"),
      bar: element("div", "kept"), numbers: element("span", "numbers"), all: element("span", "all"), cell: counts };
    c.until.hidden = c.budget.hidden = c.guard.hidden = true;
    c.bar.setAttribute("aria-hidden", "true"); // the numbers are read instead
    rate.append(c.rate, c.why, c.budget, c.guard, c.until);
    counts.append(c.bar, c.numbers, c.all);
    cells[signal] = c;
  }
  const last = cell("dropped");
  cells.dropped = element("span", "rate");
  cells.seen = element("span", "why");
  last.append(cells.dropped, cells.seen);
  return { row, cells };
}

function fillCounts(c, counts) {
  const recent = counts.recent, all = arrived(recent), width = (all ? 100 * recent.kept / all : 0).toFixed(2) + "%", least = all && recent.kept ? "2px" : "0";
  if (c.width !== width) c.bar.style.setProperty("--share", c.width = width);
  if (c.least !== least) c.bar.style.setProperty("--least", c.least = least);
  c.cell.classList.toggle("none", all === 0);
  setText(c.numbers, all ? perSecond(recent.kept).replace("/s", "") + " of " + perSecond(all) : inAll(counts) ? "none now" : "none seen");
  setText(c.all, inAll(counts) ? number.format(counts.kept) + " of " + number.format(inAll(counts)) + " in all" : "");
}

function fillRate(c, rate) {
  setText(c.rate, rateText(rate));
  setText(c.why, why(rate));
  setHidden(c.budget, !rate.budget);
  if (rate.budget) {
    setText(c.budget, "budget " + budgetOf(rate));
    const from = rate.budget.since ? "rate since " + clock(rate.budget.since) : "initial rate";
    if (c.budget.title !== from) c.budget.title = from;
  }
  const guard = guardOf(rate);
  setHidden(c.guard, !guard);
  setText(c.guard, guard);
}

function fillTimes(entry) {
  setText(entry.cells.seen, entry.data.last_seen ? "seen " + ago(entry.data.last_seen) : "never seen");
  for (const signal of signals) {
    const until = entry.data[signal].expires_at;
    setHidden(entry.cells[signal].until, !until);
    if (until) setText(entry.cells[signal].until, "ends in " + span(Date.parse(until) - now()));
  }
}

function fillRow(entry, n) {
  entry.data = n;
  for (const signal of signals) {
    if (n[signal].rule) fillRate(entry.cells[signal], n[signal]);
    fillCounts(entry.cells[signal], n[signal]);
  }
  const dropped = total(n, "dropped");
  setText(entry.cells.dropped, dropped ? perSecond(dropped) : "–");
  fillTimes(entry);
  const { tags, change } = entry.cells;
  if (!n.traces.rule) { // several namespaces
    setHidden(change, true);
    return;
  }
  setHidden(tags.unregistered, n.registered !== false);
  setHidden(tags.temporary, !temporary(n));
  setHidden(tags.unlisted, !(n.registered === true && onGlobal(n)));
  setHidden(tags.cut, !n.cut);
  const skipped = skippedFor(n.name || ""); // items without a namespace have the empty name, which no pattern matches
  setHidden(tags.skipped, !skipped);
  if (skipped) {
    setText(tags.skipped, "row skipped: " + skipped.error);
    tags.skipped.title = "for " + itemsOf(skipped.signal);
  }
}

// skippedFor returns a skipped row of the runtime overrides that would apply to a namespace.
function skippedFor(name) {
  const o = data.state.runtime_overrides;
  return o ? o.rejected_rows.find((r) => r.namespace === name || name !== "" && /[*?]/.test(r.namespace) && matches(r.namespace, name)) : undefined;
}
// matches reports whether a pattern, in which * stands for any run of characters and ? for one, matches a name.
function matches(pattern, name) {
  const p = [...pattern], n = [...name];
  let i = 0, j = 0, star = -1, from = 0;
  while (j < n.length) {
    if (i < p.length && p[i] === "*") [star, from] = [i++, j];
    else if (i < p.length && (p[i] === "?" || p[i] === n[j])) [i, j] = [i + 1, j + 1];
    else if (star >= 0) [i, j] = [star + 1, ++from]; // the last * takes one more
    else return false;
  }
  while (p[i] === "*") i++;
  return i === p.length;
}

// Chunks of rows.
const chunkRows = 40, estimatedHeight = 74;
let chunks = []; // {body, keys, isShown, height}
const table = byId("namespaces");
const observer = new IntersectionObserver((entries) => {
  for (const e of entries) {
    const chunk = e.target.chunk;
    if (!chunk || chunk.isShown === e.isIntersecting) continue;
    if (!e.isIntersecting) {
      if (chunk.body.contains(document.activeElement)) continue; // the focus stays
      chunk.height = chunk.body.offsetHeight;
    }
    chunk.isShown = e.isIntersecting;
    showChunk(chunk);
  }
}, { rootMargin: "800px 0px" });

function newChunk() {
  const body = element("tbody", "rows"), chunk = { body, keys: [], isShown: false, height: 0 };
  body.setAttribute("role", "rowgroup");
  body.chunk = chunk;
  byId("sums").before(body);
  observer.observe(body);
  return chunk;
}

function newSpace() {
  const space = element("tr", "space"), cell = element("td");
  space.setAttribute("aria-hidden", "true");
  cell.colSpan = 8;
  space.append(cell);
  return space;
}

function showChunk(chunk) {
  const { body } = chunk;
  if (!chunk.isShown) {
    for (const key of chunk.keys) rendered.delete(key);
    chunk.space ??= newSpace();
    const height = (chunk.height || chunk.keys.length * estimatedHeight) + "px", cell = chunk.space.firstChild;
    if (cell.style.height !== height) cell.style.height = height;
    if (body.firstChild !== chunk.space) body.replaceChildren(chunk.space);
    return;
  }
  const first = chunks.indexOf(chunk) * chunkRows + 2; // after the headings
  const wanted = chunk.keys.map((key, i) => {
    let entry = rendered.get(key);
    const n = byKey.get(key);
    if (!entry) {
      entry = newRow(n.name, true);
      rendered.set(key, entry);
    }
    entry.row.setAttribute("aria-rowindex", first + i);
    fillRow(entry, n);
    return entry.row;
  });
  if (body.children.length === wanted.length && wanted.every((row, i) => body.children[i] === row)) return;
  const focused = document.activeElement;
  body.replaceChildren(...wanted);
  if (focused && focused !== document.activeElement && body.contains(focused)) focused.focus({ preventScroll: true });
}

// showOrder shows the rows in order.
function showOrder() {
  const wanted = Math.ceil(order.length / chunkRows);
  while (chunks.length > wanted) {
    const chunk = chunks.pop();
    for (const key of chunk.keys) rendered.delete(key);
    chunk.keys = []; // the observer may still have something to say about it
    observer.unobserve(chunk.body);
    chunk.body.remove();
  }
  while (chunks.length < wanted) {
    chunks.push(newChunk());
    if (chunks.length === 1) chunks[0].isShown = true; // the first rows are shown before the observer says so
  }
  const before = new Set(rendered.keys());
  chunks.forEach((chunk, i) => {
    const fresh = order.slice(i * chunkRows, (i + 1) * chunkRows);
    if (fresh.length !== chunk.keys.length) chunk.height = 0;
    chunk.keys = fresh;
  });
  for (const chunk of chunks) {
    if (chunk.isShown) for (const key of chunk.keys) before.delete(key);
  }
  for (const key of before) rendered.delete(key);
  chunks.forEach(showChunk);
  table.setAttribute("aria-rowcount", order.length + 1 + byId("sums").children.length);
}

// isHeld reports whether the order must not change: somebody points at a row, or has scrolled to it.
const isHeld = () => table.matches(":hover") || table.contains(document.activeElement) && document.activeElement !== table ||
  !byId("panel").hidden || chunks.length > 0 && chunks[0].body.getBoundingClientRect().top < 0;

const compareNames = (a, b) => a < b ? -1 : a > b ? 1 : 0;
function compare(by, sign) {
  return (a, b) => {
    const x = by(byKey.get(a)), y = by(byKey.get(b));
    if (x !== x || y !== y) return x === x ? -1 : y === y ? 1 : compareNames(a, b); // NaN is last
    return x < y ? -sign : x > y ? sign : compareNames(a, b);
  };
}

// arrange shows the selected rows in order. While the order is held, rows keep their places, and new ones are added at the end.
function arrange(mayHold) {
  if (!data) return;
  const down = sort.startsWith("-"), by = keys[down ? sort.slice(1) : sort], wanted = filter.toLowerCase();
  const list = [];
  for (const [key, n] of byKey) if (shows[show](n) && (n.lower ??= n.name.toLowerCase()).includes(wanted)) list.push(key);
  const held = mayHold && order.length > 0 && sort !== "name" && isHeld();
  if (held) {
    const place = new Map(order.map((key, i) => [key, i]));
    list.sort((a, b) => (place.get(a) ?? Infinity) - (place.get(b) ?? Infinity) || compareNames(a, b));
  } else list.sort(compare(by, down ? -1 : 1));
  order = list;
  setHidden(byId("held"), !held);
  showOrder();
  setText(byId("count"), list.length === byKey.size ? "(" + number.format(byKey.size) + ")" :
    "(" + number.format(list.length) + " of " + number.format(byKey.size) + ")");
  setHidden(byId("nothing"), list.length > 0 || byKey.size === 0);
}

// fillRows takes the namespaces of a fresh answer.
function fillRows() {
  byKey.clear();
  for (const n of data.namespaces) {
    let key = n.name;
    for (let i = 2; byKey.has(key); i++) key = n.name + " " + i;
    byKey.set(key, n);
  }
  fillSums("none", "without a namespace", data.none);
  fillSums("other", "other namespaces", data.other);
  arrange(true);
}

const sums = {};
function fillSums(key, label, n) {
  sums[key] ??= newRow("", false, label);
  const isSeen = signals.some((signal) => inAll(n[signal]) > 0);
  fillRow(sums[key], n);
  if ((key === "none" || isSeen) && !sums[key].row.isConnected) byId("sums").append(sums[key].row);
}

// showSort shows by what the table is sorted.
function showSort() {
  const down = sort.startsWith("-"), by = down ? sort.slice(1) : sort, select = byId("sort");
  select.value = sort;
  if (select.value !== sort) select.value = "other";
  for (const th of document.querySelectorAll("th")) {
    if (th.dataset.sort === by) th.setAttribute("aria-sort", down ? "descending" : "ascending");
    else th.removeAttribute("aria-sort");
  }
}

const isSort = (value) => Object.hasOwn(keys, value.startsWith("-") ? value.slice(1) : value);
function sortBy(value) {
  sort = value;
  showSort();
  arrange(false);
  remember();
}
// toggleSort sorts by a column: numbers the largest first, and the other way round the second time.
function toggleSort(by) { sortBy(by === "name" ? sort === "name" ? "-name" : "name" : sort === "-" + by ? by : "-" + by); }

byId("filter").addEventListener("input", (event) => { filter = event.target.value; arrange(false); remember(); });
byId("show").addEventListener("change", (event) => { show = event.target.value; arrange(false); remember(); });
byId("sort").addEventListener("change", (event) => sortBy(event.target.value));
for (const th of document.querySelectorAll("th")) th.firstChild.addEventListener("click", () => toggleSort(th.dataset.sort));
