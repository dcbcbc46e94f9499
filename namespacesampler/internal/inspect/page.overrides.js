// The overrides in force, the skipped rows, and the last changes.

const mostOverrides = 1000;
const effective = (e) => e.sample_rate === null ? perSecond(e.items_per_second) : percent(e.sample_rate);

function overrideParts(o) {
  const parts = [["key", o.key || "without a namespace"],
    ["rate", o.sample_rate === null ? perSecond(o.items_per_second) : percent(o.sample_rate)],
    ["why", "for " + itemsOf(o.signal) + ", " + sources[o.source]]];
  if (o.expires_at) parts.push(["until", "ends in " + span(Date.parse(o.expires_at) - now())]);
  if (o.updated_at) parts.push(["why", "set " + ago(o.updated_at)]);
  if (o.reason || o.updated_by) parts.push(["why", [o.reason, o.updated_by && "by " + o.updated_by].filter(Boolean).join(", ")]);
  if (o.source === "runtime_override") {
    const missing = [!o.expires_at && "end", !o.reason && "reason", !o.updated_by && "author"].filter(Boolean);
    if (missing.length) parts.push(["tag warn", "no " + missing.join(", no ")]);
  }
  if (o.superseded) parts.push(["tag", o.superseded.length === (o.signal === "all" ? signals.length : 1) ? "superseded" : "superseded for " + o.superseded.map(itemsOf).join(" and ")]);
  if (o.unmatched) parts.push(["tag warn", "no such namespace is registered" + (o.did_you_mean ? "; did you mean " + o.did_you_mean + "?" : "")]);
  return parts;
}

function fillTemporary() {
  const list = data.overrides.filter((o) => o.expires_at).sort((a, b) => Date.parse(a.expires_at) - Date.parse(b.expires_at));
  const shown = list.slice(0, 20).map(overrideParts);
  if (list.length > shown.length) shown.push([["why", plural(list.length - shown.length, "more override") + " that end later: see all overrides"]]);
  fillList(byId("temporary-list"), shown);
  setText(byId("temporary-count"), "(" + number.format(list.length) + ")");
  setHidden(byId("temporary"), list.length === 0);
}

function fillOverrides() {
  fillTemporary();
  setText(byId("overrides-count"), "(" + number.format(data.overrides.length) + ")");
  if (byId("overrides").open) {
    const list = data.overrides.slice(0, mostOverrides), more = data.overrides.length - list.length, entries = list.map(overrideParts);
    if (more > 0) entries.push([["why", number.format(more) + " more: see /namespaces"]]);
    fillList(byId("overrides-list"), entries);
  }
  const skipped = data.state.runtime_overrides ? data.state.runtime_overrides.rejected_rows : [];
  fillList(byId("skipped-list"), skipped.map((r) => {
    const parts = [["key", r.namespace], ["why", "for " + itemsOf(r.signal)], ["why", r.error]];
    if (r.did_you_mean) parts.push(["tag warn", "did you mean " + r.did_you_mean + "?"]);
    return parts;
  }));
  setHidden(byId("skipped"), skipped.length === 0);
}

const verbs = { added: "in force", changed: "changed", removed: "removed", ended: "ended" };
function changeParts(c) {
  const known = signals.filter((s) => c.from[s]), texts = known.map((s) => effective(c.from[s]) + " → " + effective(c.to[s]));
  const isSame = texts.every((text) => text === texts[0]);
  const parts = [["why", clock(c.at) + ", " + ago(c.at)], ["key", c.key || "without a namespace"],
    ["rate", isSame ? texts[0] : known.map((s, i) => items[s] + " " + texts[i]).join(", ")],
    ["why", "for " + itemsOf(c.signal) + ", " + sources[c.source] + " " + verbs[c.change]]];
  if (c.expires_at) parts.push(["why", (Date.parse(c.expires_at) > now() ? "ends " : "end ") + new Date(c.expires_at).toLocaleString("en-GB")]);
  if (c.reason || c.updated_by) parts.push(["why", [c.reason, c.updated_by && "by " + c.updated_by].filter(Boolean).join(", ")]);
  return parts;
}
function fillChanges() {
  setHidden(byId("changes-section"), data.changes.length === 0);
  setText(byId("changes-count"), "(" + data.changes.length + ")");
  fillList(byId("changes-list"), data.changes.map(changeParts));
}

byId("overrides").addEventListener("toggle", () => data && fillOverrides());
