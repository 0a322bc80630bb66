"use strict";
// Brings pages to life: live rows, ticking times, keys, copying, questions. Without it every
// page reads, filters, pages and acts all the same.
(() => {
const root = document.documentElement, $ = (q, at = document) => at.querySelector(q), $$ = (q, at = document) => [...at.querySelectorAll(q)];
const keep = { get(k) { try { return localStorage.getItem("hookgate-" + k); } catch (e) { return null; } }, set(k, v) { try { localStorage.setItem("hookgate-" + k, v); } catch (e) { /* it holds for this page */ } } };
let skew = Date.parse(root.dataset.now) - Date.now(); // the gateway's clock counts
const now = () => Date.now() + skew;

/* Times. */
const two = (n) => String(n).padStart(2, "0");
function span(ms) {
  const s = Math.floor(ms / 1000), n = "\u00a0";
  if (s < 60) return s + n + "s";
  if (s < 3600) return Math.floor(s / 60) + n + "min " + two(s % 60) + n + "s";
  if (s < 86400) return Math.floor(s / 3600) + n + "h " + two(Math.floor(s % 3600 / 60)) + n + "min";
  return Math.floor(s / 86400) + n + "d " + two(Math.floor(s % 86400 / 3600)) + n + "h";
}
function relative(ms) { return ms < 0 ? "in " + span(-ms) : ms < 1000 ? "now" : span(ms) + " ago"; }
const local = () => keep.get("zone") === "local";
function tick() {
  const at = now();
  for (const t of $$("time[datetime]:not([data-day])")) {
    const text = relative(at - Date.parse(t.dateTime));
    if (t.firstChild && t.firstChild.nodeValue !== text) t.firstChild.nodeValue = text;
  }
}
function zones() {
  const is = local();
  const zone = $("[data-zone]");
  if (zone) zone.textContent = is ? "local time (" + Intl.DateTimeFormat().resolvedOptions().timeZone + ")" : "UTC";
  for (const t of $$("time[datetime]")) t.title = is ? new Date(t.dateTime).toLocaleString() : t.dateTime;
}

/* Copying, also where no clipboard may be written. */
async function copy(text) {
  try { await navigator.clipboard.writeText(text); return true; } catch (e) { /* the old way */ }
  const area = document.createElement("textarea"), had = document.activeElement;
  area.value = text;
  area.setAttribute("readonly", "");
  area.className = "unseen";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (had) had.focus();
  return done;
}
function say(text) {
  let p = $("[data-told]");
  if (!p) { p = document.createElement("p"); p.className = "unseen"; p.setAttribute("role", "status"); p.dataset.told = ""; document.body.append(p); }
  p.textContent = text;
}

/* Questions. */
let asked = null, missed = false;
function dialog(title, build) {
  const d = document.createElement("dialog"), had = document.activeElement, h = document.createElement("h2");
  h.textContent = title; h.id = "dialog-title"; d.setAttribute("aria-labelledby", h.id);
  d.append(h); build(d);
  d.addEventListener("close", () => { d.remove(); asked = null; if (had && had.isConnected) had.focus(); if (missed) { missed = false; again(); } });
  document.body.append(d); d.showModal(); asked = d;
  return d;
}
function ask(form) {
  const verb = $("button", form).textContent;
  dialog(verb + "?", (d) => {
    const p = document.createElement("p"), row = document.createElement("p"), yes = document.createElement("button"), no = document.createElement("button");
    p.textContent = form.dataset.ask; row.className = "acts";
    yes.textContent = verb; yes.className = "first"; no.textContent = "Keep as it is"; no.type = yes.type = "button";
    no.onclick = () => d.close();
    yes.onclick = () => {
      yes.disabled = true;
      const sure = document.createElement("input");
      sure.type = "hidden"; sure.name = "sure"; sure.value = "1";
      form.append(sure); form.dataset.sure = "1"; form.submit();
    };
    row.append(yes, no); d.append(p, row);
    setTimeout(() => yes.focus());
  });
}
function help() {
  const keys = [["/", "search"], ["j", "the next row"], ["k", "the row before"], ["Enter", "open the row"], ["r", "retry what is open"], ["?", "this help"], ["Esc", "close"]];
  dialog("Keys", (d) => {
    const dl = document.createElement("dl"); dl.className = "facts";
    for (const [k, what] of keys) { const dt = document.createElement("dt"), kbd = document.createElement("kbd"), dd = document.createElement("dd"); kbd.textContent = k; dt.append(kbd); dd.textContent = what; dl.append(dt, dd); }
    const p = document.createElement("p"), label = document.createElement("label"), box = document.createElement("input"), shut = document.createElement("button");
    box.type = "checkbox"; box.checked = keep.get("keys") !== "off"; box.onchange = () => keep.set("keys", box.checked ? "on" : "off");
    label.append(box, " Single letters act as keys"); p.append(label);
    shut.textContent = "Close"; shut.type = "button"; shut.onclick = () => d.close();
    d.append(dl, p, shut);
  });
}

/* Keys. */
const rows = () => $$("[data-rows] tbody tr");
function move(by) {
  const all = rows();
  if (!all.length) return;
  let i = all.findIndex((r) => r.contains(document.activeElement));
  if (i < 0) i = all.findIndex((r) => r.classList.contains("at"));
  i = i < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, i + by));
  for (const r of all) r.classList.toggle("at", r === all[i]);
  const link = $("a", all[i]);
  if (link) link.focus();
  all[i].scrollIntoView({ block: "nearest" });
}
document.addEventListener("keydown", (e) => {
  if (e.key === "Escape") {
    const menu = $("details[data-menu][open]");
    if (menu) { menu.open = false; $("summary", menu).focus(); return; }
    const shut = $("[data-close]");
    if (!asked && shut && !e.target.closest("input,textarea,select")) shut.click();
    return;
  }
  if (e.ctrlKey || e.altKey || e.metaKey || asked || e.target.closest("input,textarea,select,[contenteditable]") || keep.get("keys") === "off") return;
  const act = { "/": () => { const q = $("#q"); if (q) q.focus(); }, j: () => move(1), k: () => move(-1), "?": help, r: () => {
    const form = $$("form.act").find((f) => /\/retry$/.test(f.getAttribute("action")));
    if (form) ask(form);
  } }[e.key];
  if (act) { e.preventDefault(); act(); }
});
document.addEventListener("click", (e) => {
  const button = e.target.closest("button");
  for (const menu of $$("details[data-menu][open]")) if (!menu.contains(e.target)) menu.open = false;
  if (!button) return;
  if (button.matches("[data-copy]")) copy($("pre", button.parentElement).textContent).then((done) => { const was = button.textContent; button.textContent = done ? "Copied" : "Not copied"; say(button.textContent); setTimeout(() => { button.textContent = was; }, 1500); });
  if (button.matches("[data-theme-switch]")) {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark"; keep.set("theme", root.dataset.theme);
  }
  if (button.matches("[data-zone-switch]")) { keep.set("zone", local() ? "utc" : "local"); zones(); }
  if (button.matches("[data-help]")) { button.closest("details").open = false; help(); }
});
document.addEventListener("submit", (e) => {
  const form = e.target;
  if (form.dataset.ask && !form.dataset.sure) { e.preventDefault(); ask(form); return; }
  if (form.method === "get") for (const field of $$("input,select", form)) if (!field.value) { field.disabled = true; field.dataset.off = ""; } // a filter that is not set stays out of the address
});
addEventListener("pageshow", () => { for (const field of $$("form [data-off]")) field.disabled = false; });
document.addEventListener("input", (e) => {
  if (!e.target.matches("[data-json]")) return;
  let wrong = "";
  try { if (e.target.value.trim()) JSON.parse(e.target.value); } catch (x) { wrong = x.message; }
  let told = document.getElementById("w-" + e.target.name);
  if (!told) { told = document.createElement("span"); told.className = "wrong"; told.id = "w-" + e.target.name; e.target.after(told); }
  told.textContent = wrong;
  if (wrong) { e.target.setAttribute("aria-invalid", "true"); e.target.setAttribute("aria-describedby", told.id); } else e.target.removeAttribute("aria-invalid");
});

/* A form with a sample is looked at while it is written: what its variables find. */
let trying = 0;
document.addEventListener("input", (e) => {
  const form = e.target.closest("form[data-try]");
  if (!form) return;
  clearTimeout(trying);
  trying = setTimeout(async () => {
    const data = new URLSearchParams(new FormData(form));
    data.set("do", form.dataset.try);
    const at = trying, a = await fetch(form.action, { method: "POST", body: data, headers: { "Hookgate-Again": "1" }, credentials: "same-origin" }).catch(() => null);
    if (!a || at !== trying || !form.isConnected) return; // more was written meanwhile
    const next = new DOMParser().parseFromString(await a.text(), "text/html");
    for (const part of $$("[data-part]", form)) {
      const other = $(`[data-part="${part.dataset.part}"]`, next);
      if (other && !same(part, other) && !part.contains(document.activeElement)) part.replaceChildren(...other.childNodes);
    }
  }, 400);
});

/* Live: when something happens the page is asked for again, and what changed is put in its
   place. So its filters, and what the session may see, hold for live rows too. */
const most = 200, pause = 500;
let held = false, waiting = [], asking = false, wanted = 0, last = 0, alive = null, since = 0, word = null, bar = null, shared = null;
const busy = (el) => el.contains(document.activeElement) || el.matches(":hover") || el.getAttribute("aria-selected") === "true";
function same(a, b) { const plain = (el) => el.innerHTML.replace(/>[^<]*<\/time>/g, ">").replace(/ title="[^"]*"/g, "").replace(/name="key" value="[^"]*"/g, ""); return plain(a) === plain(b); }
function show(row, table, few) {
  if (few) row.classList.add("fresh"); // where all is new nobody sees what is, and each costs a repaint of every frame
  const body = $("tbody", table);
  body.prepend(row);
  for (const old of [...body.rows].slice(most)) if (!busy(old)) old.remove();
}
function freshen(table, next) {
  const body = $("tbody", table), had = new Map([...body.rows].map((r) => [r.dataset.row, r])), paged = /[?&]cursor=/.test(location.search);
  const come = new Map([...$("tbody", next).rows].map((r) => [r.dataset.row, r]));
  let added = [];
  if (next.dataset.every) table.dataset.every = next.dataset.every;
  for (const [id, row] of come) {
    const old = had.get(id);
    if (!old) { if (!paged) added.push(row); } else if (!same(old, row) && !busy(old)) old.replaceWith(row);
  }
  const first = body.rows[0] && body.rows[0].dataset.row, scrolled = scrollY > 120;
  const keys = [...come.keys()], top = keys.indexOf(first);
  if (top > 0 || top < 0) added = added.filter((r) => top < 0 || keys.indexOf(r.dataset.row) < top);
  if (scrolled) waiting = added.concat(waiting.filter((w) => !come.has(w.dataset.row) && !had.has(w.dataset.row)));
  else for (const row of added.reverse()) show(row, table, added.length <= 10);
  draw();
}
function draw() {
  if (!bar) return;
  const n = $("[data-new]", bar);
  n.hidden = !waiting.length;
  n.textContent = waiting.length + " new";
}
function takeIn(text) {
  const next = new DOMParser().parseFromString(text, "text/html");
  if (next.documentElement.dataset.now) skew = Date.parse(next.documentElement.dataset.now) - Date.now();
  for (const part of $$("[data-part]")) {
    const other = $(`[data-part="${part.dataset.part}"]`, next);
    if (other && !same(part, other) && !part.contains(document.activeElement) && !(part.matches(":hover") && part.dataset.part === "detail")) {
      const open = $$("details", part).map((d) => d.open);
      $$("details", other).forEach((d, i) => { if (i < open.length && open.length === $$("details", other).length) d.open = open[i]; });
      part.replaceChildren(...other.childNodes);
    }
  }
  const tables = $$("table[data-rows]"), come = $$("table[data-rows]", next);
  if (tables.length && come.length) tables.forEach((t, i) => come[i] && freshen(t, come[i]));
  else if (come.length && !tables.length && !$("main form :focus")) $("main").replaceChildren(...$("main", next).childNodes);
  zones(); tick();
}
async function again() {
  if (asking || held || document.hidden || asked) return;
  const rest = last + pause - Date.now();
  if (rest > 0) { clearTimeout(wanted); wanted = setTimeout(again, rest); return; }
  asking = true; last = Date.now();
  try {
    const a = await fetch(location.href, { headers: { "Hookgate-Again": "1" }, redirect: "follow", credentials: "same-origin" });
    const text = await a.text();
    if (asked) missed = true; // the form that the question is of stays where it is
    else if (a.ok || a.status === 404) takeIn(text);
    if (a.url.includes("/login")) setLive(false);
  } catch (e) { setLive(false); }
  last = Date.now(); asking = false;
}
function setLive(is) {
  if (is === alive) return;
  const was = alive;
  alive = is;
  if (is) { clearTimeout(since); const s = $("[data-stale]"); if (s) s.hidden = true; if (was === false) again(); } else { clearTimeout(since); const at = Date.now(); since = setTimeout(() => { const s = $("[data-stale]"); if (s) { s.hidden = false; $("[data-stale-since]").textContent = new Date(at + skew).toISOString().slice(11, 19) + " UTC"; } }, 2500); }
  if (word) word.textContent = is ? "live" : "not live";
}
// What happens is the page's business if a part of it says so; where one does not say, all is.
const kinds = $$("[data-rows]").every((t) => t.dataset.kinds) && $$("[data-kinds]").length ? new Set($$("[data-kinds]").flatMap((t) => t.dataset.kinds.split(" ")).concat("gap")) : null;
function heard(m) {
  if ("alive" in m) setLive(m.alive);
  if (m.n && (!kinds || m.kinds.some((k) => kinds.has(k)))) { clearTimeout(wanted); wanted = setTimeout(again, 50); }
}
function follow() {
  const url = root.dataset.live;
  word = $("[data-live-word]");
  if (!url || $("main form[method=post] textarea")) { if (word) word.textContent = "as of now"; return; } // a form that is being written stays as it is
  const table = $("table[data-rows]");
  if (table) {
    bar = $("[data-bar]");
    const hold = $("[data-hold]", bar);
    hold.onclick = () => { held = !held; hold.setAttribute("aria-pressed", held); if (!held) again(); };
    $("[data-new]", bar).onclick = () => { for (const r of waiting.reverse()) show(r, table, true); waiting = []; draw(); scrollTo(0, 0); };
    bar.hidden = false;
  }
  if (window.SharedWorker) {
    const base = url.split("?")[0], portal = base.startsWith("/portal");
    const worker = new SharedWorker(root.dataset.worker, { name: portal ? url : base });
    shared = worker.port;
    shared.onmessage = (e) => heard(e.data);
    shared.start();
    const hello = () => shared.postMessage({ url: portal ? url : base, tenant: root.dataset.tenant });
    hello();
    setInterval(() => shared.postMessage({ here: 1 }), 10000);
    addEventListener("pagehide", () => shared.postMessage({ gone: 1 }));
    addEventListener("pageshow", (e) => { if (e.persisted) hello(); });
  } else {
    let source = null;
    const open = () => {
      if (source || document.hidden) return;
      source = new EventSource(url);
      source.onopen = () => setLive(true);
      source.onerror = () => { setLive(false); source.close(); source = null; setTimeout(open, 2000); };
      for (const kind of ["wait", "callback", "event", "delivery", "attempt", "call", "breaker", "config", "gap"]) source.addEventListener(kind, () => heard({ n: 1, kinds: [kind] }));
    };
    document.addEventListener("visibilitychange", () => { if (document.hidden) { if (source) { source.close(); source = null; } } else open(); }); // a hidden tab gives its stream back
    open();
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) again(); });
}
/* What was open beside a list gives the focus back to its row. */
const sel = new URLSearchParams(location.search).get("sel"), was = sessionStorage.getItem("hookgate-sel");
if (sel) sessionStorage.setItem("hookgate-sel", sel);
else if (was) {
  sessionStorage.removeItem("hookgate-sel");
  const row = rows().find((r) => r.dataset.row === was), link = row && $("a", row);
  if (link && document.activeElement === document.body) link.focus({ preventScroll: true });
}
/* What moves without anything happening is looked at again as often as its list says. */
const loaded = Date.now();
setInterval(() => { const t = $("[data-every]"); if (t && Date.now() - Math.max(last, loaded) >= 1000 * t.dataset.every) again(); }, 1000);
zones(); tick(); setInterval(() => { if (!document.hidden) tick(); }, 1000); follow();
})();
