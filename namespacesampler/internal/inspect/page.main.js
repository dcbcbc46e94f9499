// The page asks for /namespaces again and again, and keeps what somebody has chosen in its address.
const every = 2000, staleAfter = 10000;

// remember writes filter, order and question into the address, so that it can be shared, and survives a reload.
function remember() {
  const params = new URLSearchParams();
  if (filter) params.set("filter", filter);
  if (show !== "all") params.set("show", show);
  if (sort !== "-dropped") params.set("sort", sort);
  if (asked) {
    for (const [name, value] of asked) if (name !== "namespace" && !(name === "signal" && value === "traces")) params.set(name, value);
    params.set("explain", asked.get("namespace"));
  }
  const text = params.toString();
  history.replaceState(null, "", text ? "?" + text : location.pathname);
}

// recall takes over what the address says. It is called before the first answer.
function recall() {
  const params = new URLSearchParams(location.search), fields = byId("question").elements;
  byId("filter").value = filter = params.get("filter") || "";
  if (Object.hasOwn(shows, params.get("show") || "")) show = params.get("show");
  if (isSort(params.get("sort") || "")) sort = params.get("sort");
  byId("show").value = show;
  showSort();
  for (const name of ["trace_id", "tracestate", "group"]) fields[name].value = params.get(name) || "";
  fields.signal.value = Object.hasOwn(items, params.get("signal") || "") ? params.get("signal") : "traces";
  arrangeQuestion();
  if (!params.has("explain")) return;
  fields.namespace.value = named = params.get("explain");
  setHidden(byId("panel"), false);
  opener = byId("ask");
  changeAt = now();
  explain();
}

// refresh shows a fresh answer.
function refresh(fresh) {
  if (!data) former = runtimeOverrides(fresh); // the address may have opened the panel
  data = fresh;
  fillIdentity();
  fillProblems();
  fillNow();
  fillSampling();
  fillRows();
  fillState();
  fillNotices();
  fillBudgets();
  fillOverrides();
  fillChanges();
  fillChange();
  if (asked && !byId("panel").hidden && ratesAsked !== "" && ratesOf(named) !== ratesAsked) explain(); // the answer is out of date
  else if (asked && ratesAsked === "") ratesAsked = ratesOf(named);
}

// setStale greys the page while the collector does not answer, or makes it fresh again.
function setStale(why) {
  if (why && data) {
    staleAt ||= answeredAt;
    setText(byId("trouble"), "As of " + clock(staleAt) + ": the collector does not answer (" + why + "). What is grey is out of date.");
    setText(byId("age"), span(Date.now() + skew - staleAt) + " ago"); // not in the alert, which would be read out again and again
    document.title = "(stale) namespace_sampler";
  } else if (why) setText(byId("trouble"), "The collector does not answer (" + why + ").");
  if (!why) staleAt = 0;
  document.body.classList.toggle("stale", Boolean(why));
  setHidden(byId("trouble"), !why);
  setHidden(byId("age"), !staleAt);
}

// load asks for a fresh answer: less often while the page is in the background, where only its title shows.
let loading = false, answeredAt = 0, askedAt = 0;
async function load() {
  if (loading || document.hidden && Math.abs(Date.now() - askedAt) < staleAfter) return;
  loading = true;
  askedAt = Date.now();
  const fresh = await ask().catch((error) => setStale(error.message));
  loading = false;
  if (!fresh) return;
  setStale("");
  answeredAt = Date.now() + skew;
  refresh(fresh);
}
async function ask() {
  const response = await fetch("namespaces", { signal: AbortSignal.timeout(staleAfter) });
  if (!response.ok) throw new Error("status " + response.status);
  const date = Date.parse(response.headers.get("Date"));
  if (date) skew = Math.abs(date - Date.now()) > 2000 ? date - Date.now() : 0; // Date has whole seconds
  return response.json();
}

// tick shows how time goes by between two answers.
function tick() {
  if (!data || document.hidden) return;
  if (!staleAt && Date.now() - askedAt > every && Date.now() + skew - answeredAt > staleAfter + every) setStale("no answer since");
  if (staleAt) return;
  for (const entry of rendered.values()) fillTimes(entry);
  fillState();
  fillProblems();
  fillOverrides();
}

// isTyping reports whether a key would be part of a text.
const isTyping = (e) => e instanceof HTMLInputElement || e instanceof HTMLSelectElement || e instanceof HTMLTextAreaElement;
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !byId("panel").hidden) closePanel();
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  event.preventDefault();
  byId("filter").focus();
  byId("filter").select();
});
document.addEventListener("visibilitychange", load);
recall();
load();
setInterval(load, every);
setInterval(tick, 1000);
