// The panel beside the list explains a decision, and says how to change the rate. The list keeps its place below it.
let opener = null; // the button that has opened the panel
let named = ""; // the namespace that it is about; the field cannot hold all names, as it drops line breaks
let ratesAsked = ""; // the rates of the namespace when the question was asked

// ratesOf is another text if the rates of a namespace are others.
function ratesOf(name) {
  const n = name === "" ? data && data.none : byKey.get(name);
  return n ? JSON.stringify(signals.map((s) => [n[s].budget ? "" : n[s].sample_rate, n[s].source, n[s].rule, n[s].pattern, n[s].expires_at])) : "";
}

function openPanel(name, by, changes) {
  const fields = byId("question").elements;
  opener = by;
  former = data ? runtimeOverrides(data) : [];
  changeAt = now();
  fields.namespace.value = named = name;
  if (by !== byId("ask")) fields.trace_id.value = fields.tracestate.value = fields.group.value = "";
  setHidden(byId("panel"), false);
  if (by !== byId("ask") || fields.trace_id.value) explain();
  fillChange();
  const focused = byId(changes ? "change-title" : "panel-title");
  focused.focus({ preventScroll: true });
  byId("panel").scrollTop = changes ? byId("change").offsetTop - 16 : 0;
}

function closePanel() {
  setHidden(byId("panel"), true);
  questions++; // a late answer is not shown
  byId("answer").replaceChildren();
  setText(byId("panel-title"), "Why was it kept or dropped?");
  asked = null;
  remember();
  const back = opener && opener.isConnected ? opener : table;
  back.focus({ preventScroll: true });
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
let questions = 0, asked = null; // the number of questions so far, and the last one
async function explain(event) {
  if (event) event.preventDefault();
  arrangeQuestion();
  const question = ++questions; // only the last one is answered
  const field = byId("question").elements.namespace.value; // which a browser may have filled in
  if (field !== named.replace(/[\r\n]/g, "")) named = field;
  const answer = byId("answer");
  asked = new URLSearchParams([...new FormData(byId("question"))].filter(([name, value]) => value !== "" || name === "namespace"));
  asked.set("namespace", named);
  ratesAsked = ratesOf(named);
  fillChange();
  remember();
  setText(byId("panel-title"), asked.get("namespace") || "Without a namespace");
  try {
    const response = await fetch("explain?" + asked), e = await response.json();
    if (question !== questions) return;
    if (!response.ok) throw new Error(e.error);
    answer.replaceChildren(...explanation(e));
  } catch (error) {
    if (question === questions) answer.replaceChildren(element("p", "error", error.message));
  }
}

// explanation shows an answer of /explain: in words, then the rules that were tried, then its parts.
function explanation(e) {
  const list = element("dl"), rules = element("ol", "rules");
  const add = (term, text) => {
    const dd = element("dd");
    dd.append(element("bdi", "", text));
    list.append(element("dt", "", term), dd);
  };
  if (e.decision) add("Decision", e.decision);
  if (e.disabled) add("Disabled", e.disabled + " is false: everything is dropped");
  if (e.dry_run) add("Dry run", "nothing is dropped; this is what would happen");
  add("Namespace", e.namespace || (e.remembered_namespace ? e.remembered_namespace + ", by its trace" : "none"));
  add("Rate", rateText(e) + ", " + why(e));
  if (e.budget) add("Budget", [budgetOf(e), guardOf(e)].filter(Boolean).join(", "));
  add("Threshold", e.threshold);
  if (e.randomness) {
    const compared = e.disabled ? "" : e.decision === "kept" ? ": not below the threshold" : ": below the threshold";
    add("Randomness", e.randomness + ", " + randomnessOf[e.randomness_source] + compared);
  }
  if (e.fault === "group_overruled") add("Group", "overruled: an earlier sampler has decided by another randomness");
  else if (e.fault) add(e.fault === "no_randomness" ? "Trace ID" : "Tracestate", e.fault);
  if (e.expires_at) add("Ends", new Date(e.expires_at).toLocaleString("en-GB"));
  for (const r of e.rules) rules.append(element("li", r.matches ? "match" : "", ruleText(r)));
  const tried = element("details"), title = element("summary", "", "Rules that were tried (" + e.rules.length + ")");
  tried.append(title, rules);
  return [element("p", "words", e.text), list, tried];
}

function ruleText(r) {
  if (r.source === "trace") return "its trace is remembered: applies";
  const source = (sources[r.source] || r.source) + (r.rule === "global" || r.source !== "runtime_override" ? "" : " for " + itemsOf(r.signal));
  if (r.rule === "global") return source + ": applies";
  if (r.rule === "pattern") return source + ", " + (r.matches ? "pattern " + r.pattern + ": applies" : plural(r.patterns, "pattern") + ": none matches");
  return source + " of exactly this name: " + (r.matches ? "applies" : "none");
}

byId("question").addEventListener("submit", explain);
byId("question").elements.signal.addEventListener("change", arrangeQuestion);
byId("question").elements.namespace.addEventListener("input", (event) => {
  named = event.target.value;
  questions++; // an answer about another namespace is not shown
  byId("answer").replaceChildren();
  setText(byId("panel-title"), named || "Without a namespace");
  fillChange();
});
byId("close").addEventListener("click", closePanel);
byId("ask").addEventListener("click", () => openPanel(named, byId("ask")));
