// What changes a rate, as text to be pasted: SQL for the table of runtime overrides, or else YAML. Nothing can be changed over HTTP.

// Characters that a terminal would act on, or that would show a text in another order than it has. They are written as escapes.
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

// literal is a text as a literal of SQL, in the syntax of PostgreSQL with standard_conforming_strings, which is its default.
function literal(text) {
  if (!unsafe.test(text)) return "'" + text.replaceAll("'", "''") + "'";
  const escaped = [...text].map((c) => {
    if (c === "'") return "''";
    if (c === "\\") return "\\\\";
    return unsafe.test(c) ? "\\+" + c.codePointAt(0).toString(16).padStart(6, "0") : c;
  });
  return "U&'" + escaped.join("") + "'";
}

// insertSQL puts one row into the table, in place of the one of the same namespace and signal, if there is any. It works with every version of the
// table, and does not need its key.
function insertSQL(table, row) {
  return "BEGIN;\n" + deleteSQL(table, row) + "\n" +
    "INSERT INTO " + table + "\n  (namespace, signal, " + row.column + ", expires_at, reason, updated_by, updated_at)\nVALUES\n  (" +
    [literal(row.namespace), literal(row.signal), row.value, row.expires, row.reason ? literal(row.reason) : "NULL", row.author ? literal(row.author) : row.isFormer ? "NULL" : "current_user", "now()"].join(",\n   ") +
    ");\nCOMMIT;";
}
function deleteSQL(table, row) {
  return "DELETE FROM " + table + "\n  WHERE namespace = " + literal(row.namespace) + "\n  AND signal = " + literal(row.signal) + ";";
}

const intervals = { 15: "15 minutes", 60: "1 hour", 240: "4 hours", 1440: "1 day" };
// wantedRow is the row that the form asks for.
function wantedRow(name) {
  const form = byId("wanted").elements, rate = Number(form.rate.value);
  return {
    namespace: name, signal: form.signal.value, column: "sample_rate", value: String(Number((rate / 100).toPrecision(15))), reason: form.reason.value.trim(), author: form.author.value.trim(),
    expires: form.minutes.value === "0" ? "NULL" : "now() + interval '" + intervals[form.minutes.value] + "'",
  };
}

// former are the runtime overrides as they were when the panel was opened: what is pasted now takes their place.
let former = [];
const runtimeOverrides = (data) => data.overrides.filter((o) => o.source === "runtime_override");
function formerRow(row) {
  const o = former.find((o) => o.key === row.namespace && o.signal === row.signal);
  return o && {
    isFormer: true, namespace: o.key, signal: o.signal, column: o.sample_rate === null ? "items_per_second" : "sample_rate",
    value: String(o.sample_rate === null ? o.items_per_second : o.sample_rate), reason: o.reason, author: o.updated_by,
    expires: o.expires_at ? "timestamptz '" + o.expires_at + "'" : "NULL",
  };
}

// yamlText is a text in YAML, in which the collector does not take $ for a variable.
function yamlText(text) {
  const quoted = [...JSON.stringify(text)].map((c) => unsafe.test(c) ? "\\U" + c.codePointAt(0).toString(16).padStart(8, "0") : c);
  return quoted.join("").replaceAll("$", "$$$$");
}
let changeAt = 0; // the time from which the end in YAML is counted, so that the text does not change while it is copied
function yaml(row, minutes) {
  const entry = "{name: " + yamlText(row.namespace) + ", sample_rate: " + row.value +
    (minutes ? ", until: " + new Date(changeAt + minutes * 60000).toISOString().replace(/\.\d+/, "") : "") + "}";
  const section = row.signal === "all" ? "    " : "    " + settings[row.signal] + ":\n      ";
  return "processors:\n  " + data.collector.component + ":\n" + section + "namespaces:\n" + (row.signal === "all" ? "      - " : "        - ") + entry;
}

// warnings says what else there is for the same namespace.
function warnings(row, before) {
  const same = (o) => o.key === row.namespace && o.signal === row.signal, live = runtimeOverrides(data);
  const texts = [], there = live.find(same), isOurs = there && String(there.sample_rate) === row.value && (there.reason || "") === row.reason;
  if (before) texts.push("It takes the place of a row" + ((before.reason || "").length > 100 ? ", whose reason may be shown cut." : "."));
  else if (there && !isOurs) texts.push("Somebody has added a row meanwhile, which it takes the place of: close the panel and open it again to be able to put that back.");
  if (data.state.runtime_overrides.rejected_rows.some((r) => r.namespace === row.namespace && r.signal === row.signal)) texts.push("It takes the place of a row that is skipped.");
  const others = signals.filter((s) => row.signal === "all" && live.some((o) => o.key === row.namespace && o.signal === s));
  if (others.length) texts.push("For " + others.map(itemsOf).join(" and ") + " the rows of their own stay in force.");
  return texts.map((text) => " " + text).join("");
}

function fillChange() {
  if (!data || byId("panel").hidden) return;
  const form = byId("wanted"), name = named, o = data.state.runtime_overrides;
  const n = byKey.get(name);
  let how = "", change = "", undo = "", remove = "";
  if (n && n.cut || new TextEncoder().encode(name).length > 1024) how = "The name is longer than the page shows, so that the page can neither explain nor write it: what is said above is of a namespace with the shown name.";
  else if (/[\0\ufffd]/.test(name)) how = "The name has characters that cannot be written in Postgres, or that are not shown as they are.";
  else if (!form.checkValidity()) how = "The rate must be from 0 to 100 per cent.";
  else {
    const row = wantedRow(name), before = formerRow(row);
    if (o) {
      how = "Nothing can be changed from here. Paste this into psql, as a role that may write to the table; collectors take it over within seconds.";
      change = insertSQL(o.table, row);
      remove = deleteSQL(o.table, row);
      how += warnings(row, before);
      [undo, remove] = before ? [insertSQL(o.table, before), remove] : [remove, ""];
    } else {
      how = "Runtime overrides are not enabled (postgres::overrides::enabled), so that the configuration has to be changed, and reloaded by SIGHUP:";
      change = yaml(row, Number(form.elements.minutes.value));
      undo = "# Remove the entry again, and send SIGHUP.";
    }
    if (name === "") how += " The empty name stands for items without a namespace.";
    else if (/[*?]/.test(name)) how += " With * or ? in its name, it applies to all namespaces that match it as a pattern, too.";
  }
  setText(byId("change-how"), how);
  setText(byId("undo-title"), remove ? "To put back the row that is there" : "To undo it");
  for (const [id, text] of [["change", change], ["undo", undo], ["remove", remove]]) {
    setText(byId(id + "-text"), text);
    setHidden(byId(id + "-statement"), !text);
  }
}

// copyText copies a text. The clipboard is there only over HTTPS and on localhost; elsewhere the text is selected and copied as by hand.
async function copyText(e) {
  let isDone = false;
  try {
    await navigator.clipboard.writeText(e.textContent);
    isDone = true;
  } catch {
    getSelection().selectAllChildren(e);
    isDone = document.execCommand("copy");
  }
  setText(byId("copied"), isDone ? "Copied." : "The browser does not allow copying: the text is selected.");
}
for (const b of document.querySelectorAll("[data-copies]")) b.addEventListener("click", () => copyText(byId(b.dataset.copies)));
byId("wanted").addEventListener("input", () => { changeAt = now(); setText(byId("copied"), ""); fillChange(); });
byId("wanted").addEventListener("submit", (event) => event.preventDefault());
