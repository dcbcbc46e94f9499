// The budgets of the page, with a plot of each.
const plotWidth = 240, plotHeight = 40; // the view box of the plot
// newBudget returns the row of a budget, with a plot of the last intervals whose lines plot() draws.
function newBudget() {
  const row = element("li"), head = element("div"), text = element("div"), r = { row };
  r.name = element("bdi", "key");
  r.what = element("span", "why");
  r.now = element("span", "numbers");
  r.guard = element("span", "guarded", "Far more arrives than its rates were made for: they are lowered until the interval ends.");
  r.plot = byId("plot").content.firstElementChild.cloneNode(true);
  r.lines = [...r.plot.children];
  head.append(r.name, r.what);
  text.append(r.now, r.guard);
  row.append(head, text, r.plot);
  return r;
}

// plot draws lines of values from 0 to the highest of them, the latest at the right edge.
function plot(lines, all, most) {
  const highest = Math.max(...all.flat(), 0) || 1, x = (i) => plotWidth * i / (most - 1), y = (v) => plotHeight * (1 - v / highest);
  all.forEach((values, line) => {
    const first = most - values.length;
    const points = values.map((v, i) => x(first + i).toFixed(1) + " " + y(v).toFixed(1));
    if (points.length === 1) points.push(points[0]); // a dot
    const d = points.length ? "M" + points.join("L") : "";
    if (lines[line].getAttribute("d") !== d) lines[line].setAttribute("d", d);
  });
}

const budgetRows = [], mostBudgets = 200, mostIntervals = 60;
function fillBudgets() {
  const list = byId("budgets-list"), shown = data.budgets.slice(0, mostBudgets), last = (values) => values[values.length - 1];
  while (budgetRows.length > shown.length) budgetRows.pop().row.remove();
  shown.forEach((b, i) => {
    if (!budgetRows[i]) list.append((budgetRows[i] = newBudget()).row);
    const r = budgetRows[i], many = b.shared || /[*?]/.test(b.key);
    setText(r.name, b.shared ? "all without an override" : b.key || "without a namespace");
    setText(r.what, perSecond(b.items_per_second) + " " + items[b.signal] + (b.shared ? ", shared by " : many ? " for each of " : "") +
      (many ? number.format(b.namespaces) + (b.namespaces === 1 ? " namespace" : " namespaces") : ""));
    const counts = b.arrived.length ? perSecond(last(b.arrived)) + " arrived, " + perSecond(last(b.kept)) + " kept" : "no interval has ended yet";
    setText(r.now, counts);
    setHidden(r.guard, !b.guarded);
    const limit = many && !b.shared ? [] : Array(mostIntervals).fill(b.items_per_second);
    plot(r.lines, [limit, b.arrived, b.kept], mostIntervals);
    if (r.plot.getAttribute("aria-label") !== counts) r.plot.setAttribute("aria-label", counts);
  });
  setHidden(byId("budgets"), data.budgets.length === 0);
  setText(byId("budgets-count"), "(" + (data.budgets.length > shown.length ? number.format(shown.length) + " of " : "") + number.format(data.budgets.length) + ")");
}
