// What the page says about the collector as a whole: who it is, what is wrong, and what happens now.

function fillIdentity() {
  const c = data.collector, parts = [];
  parts.push([c.service, c.version].filter(Boolean).join(" ") + (c.host ? " on " + c.host : ""));
  if (c.instance_id) parts.push("instance " + c.instance_id);
  if (c.component !== "namespace_sampler") parts.push(c.component);
  parts.push("started " + ago(c.started_at));
  if (c.reloaded) parts.push("configuration reloaded " + ago(c.counting_since));
  setText(byId("identity"), parts.filter(Boolean).join(" · "));
  setText(byId("since"), "Bars and rates a second are of the last " + plural(Math.round(data.now.seconds), "second") + ". What is “in all” is counted since " +
    new Date(c.counting_since).toLocaleString("en-GB") + " (" + ago(c.counting_since) + ")" +
    (c.reloaded ? ", when the configuration was reloaded: that began the counts anew." : ", when the processor started."));
}

function states() {
  const s = data.state, states = [];
  if (!s.postgres) states.push(["", "no Postgres: attributes only"]);
  else if (s.postgres.reachable === null) states.push(["", "Postgres not used yet"]);
  else if (s.postgres.reachable) states.push(["good", "Postgres answers"]);
  else states.push(["bad", "Postgres has been unreachable for " + since(s.postgres.since)]);
  const refused = s.lookups.filter((l) => l.refused_since).length;
  if (refused) states.push(["bad", plural(refused, "lookup") + " refused"]);
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
  if (o && o.rejected) states.push(["bad", plural(o.rejected, "row") + " of runtime overrides skipped"]);
  const f = s.fleet;
  if (f && f.error) states.push(["bad", "budgets are not shared" + (f.answered_at ? ", last answer " + ago(f.answered_at) : ": for this collector alone")]);
  else if (f && f.answered_at) states.push(["", "budgets shared by " + plural(f.collectors, "collector")]);
  else if (f) states.push(["", "budgets not shared yet"]);
  return states;
}
function fillState() {
  fillList(byId("state"), states().map(([kind, text]) => Object.assign([["", text]], { className: kind })));
}

function fillNotices() {
  const notices = [];
  if (data.dry_run) notices.push([["", "This is a dry run: nothing is dropped or changed. Counts show what would be dropped."]]);
  for (const signal of signals) {
    if (!data.enabled[signal]) notices.push([["", settings[signal] + "::enabled is false: all " + items[signal] + " are dropped, at any rate."]]);
  }
  fillList(byId("notices"), notices);
  setHidden(byId("notices"), notices.length === 0);
}

// A problem is of now if it is a state, or if it has occurred in the window.
const isNow = (p) => p.since !== null || p.per_second > 0;
const isSevere = (p) => p.since !== null || p.kind === "undelivered_spans";
function problemParts(p) {
  const parts = [], link = [["why", p.setting], ["why docs", "documentation", p.documentation]];
  if (p.subject) parts.push(["key", p.subject]);
  if (p.since === null) parts.push(["strong", number.format(p.count) + (p.per_second ? " (" + perSecond(p.per_second) + ")" : "")], ["", " " + p.consequence + "."]);
  else {
    const keys = p.kind === "unavailable" && p.count ? ", " + plural(p.count, "key") + " so far" : "";
    const count = p.kind === "rows_skipped" ? number.format(p.count) + " " : "";
    const length = p.kind === "unavailable" || p.kind === "lookup_refused" ? " For " + since(p.since) + keys + "." : "";
    parts.push(["strong", count + p.consequence + "."], ["", length]);
  }
  if (p.error) parts.push(["error", " " + p.error]);
  return Object.assign(parts.concat(link), { className: isSevere(p) ? "severe" : "" });
}
function fillProblems() {
  const current = data.problems.filter(isNow), past = data.problems.filter((p) => !isNow(p));
  fillList(byId("problems-list"), current.map(problemParts));
  fillList(byId("past-list"), past.map(problemParts));
  setText(byId("problems-count"), current.length ? "(" + current.length + ")" : "");
  setText(byId("past-count"), "(" + past.length + ")");
  setHidden(byId("problems"), data.problems.length === 0);
  setHidden(byId("past"), past.length === 0);
  byId("problems").classList.toggle("calm", current.length === 0);
  if (!staleAt) document.title = (current.length ? plural(current.length, "problem") + " · " : "") + "namespace_sampler";
}

const cards = {};
function newCard(signal) {
  const card = element("div", "signal"), c = { card };
  c.line = element("p", "headline");
  c.share = element("span", "share");
  c.rate = element("p", "legend");
  c.plot = byId("plot").content.firstElementChild.cloneNode(true);
  c.lines = [...c.plot.children];
  const title = element("h3", "", items[signal][0].toUpperCase() + items[signal].slice(1));
  c.text = element("span");
  c.line.append(c.text, c.share);
  card.append(title, c.line, c.plot, c.rate);
  byId("now").append(card);
  return c;
}
const mostSamples = 60;
function fillNow() {
  for (const signal of signals) {
    const c = cards[signal] ??= newCard(signal), n = data.now[signal], all = arrived(n);
    setText(c.text, all ? perSecond(all) + " in, " + perSecond(n.kept) + " kept" : "none arrive");
    setText(c.share, all ? " (" + shareOf(n) + ")" : "");
    const h = n.history, came = h.kept.map((kept, i) => kept + h.dropped[i]);
    plot(c.lines, [[], came, h.kept], mostSamples);
    setHidden(c.plot, !came.some((v) => v > 0));
    const label = items[signal] + " of the last two minutes: " + c.text.textContent + c.share.textContent;
    if (c.plot.getAttribute("aria-label") !== label) c.plot.setAttribute("aria-label", label);
    const g = data.global[signal];
    setText(c.rate, "without an override: " + rateText(g) + (g.budget ? ", budget " + budgetOf(g) : ", " + sources[g.source]));
  }
  setText(byId("window"), "Rates: last " + plural(Math.round(data.now.seconds), "second") + ".");
}

const onFailures = {
  global_rate: "items that cannot be looked up take the global rate", keep: "items that cannot be looked up are kept", drop: "items that cannot be looked up are dropped",
};
function fillSampling() {
  const s = data.sampling, where = "The namespace is looked for in " + s.attributes.join(", ") +
    (s.lookups.length ? ", else in Postgres by " + s.lookups.join(", ") : "") + ".";
  setText(byId("sampling"), "Sampler " + s.sampler + ", " + s.mode + ". " + where +
    (s.on_failure ? " on_failure " + s.on_failure + ": " + (onFailures[s.on_failure] || "") + "." : ""));
  const hasSeen = data.namespaces.some((n) => n.last_seen) || data.none.last_seen || data.other.last_seen;
  setHidden(byId("empty"), Boolean(hasSeen));
  setText(byId("empty"), "Nothing has arrived since " + clock(data.collector.counting_since) + " (" + since(data.collector.counting_since) + "). Is the processor in a pipeline that has a receiver with clients? " + where);
}
