"use strict";
// A worker that all tabs of a browser share: one stream for all of them. It tells each tab
// that something happened which is the tab's business, four times a second at most.
const tabs = new Map(); // port -> {tenant, n, kinds}
let source = null, url = "", alive = false, heard = 0, again = 0;

function tell(port, message) { try { port.postMessage(message); } catch (e) { tabs.delete(port); } }
function tellAll(message) { for (const port of tabs.keys()) tell(port, message); }

function take(kind, tenant) {
  for (const tab of tabs.values()) {
    if (tab.tenant && tenant && tab.tenant !== tenant) continue;
    tab.n++;
    tab.kinds.add(kind);
  }
}

function setAlive(now) {
  if (now === alive) return;
  alive = now;
  tellAll({ alive });
}

function open() {
  if (source || !tabs.size || !url) return;
  source = new EventSource(url);
  source.onopen = () => { heard = Date.now(); setAlive(true); };
  source.onerror = () => {
    setAlive(false);
    if (source && source.readyState === EventSource.CLOSED) close();
    clearTimeout(again);
    again = setTimeout(() => { close(); open(); }, 2000);
  };
  for (const kind of ["wait", "callback", "event", "delivery", "attempt", "call", "breaker", "config", "gap"]) {
    source.addEventListener(kind, (e) => {
      heard = Date.now();
      let tenant = "";
      const at = e.data.indexOf('"tenant":"');
      if (at >= 0) tenant = e.data.slice(at + 10, e.data.indexOf('"', at + 10));
      take(kind, tenant);
    });
  }
}
function close() { if (source) { source.close(); source = null; } }

setInterval(() => {
  for (const [port, tab] of tabs) {
    if (!tab.n) continue;
    tell(port, { n: tab.n, kinds: [...tab.kinds] });
    tab.n = 0;
    tab.kinds = new Set();
  }
}, 250);
// A tab says every ten seconds that it is there: one that was closed says nothing.
setInterval(() => {
  const now = Date.now();
  for (const [port, tab] of tabs) if (now - tab.seen > 90000) tabs.delete(port);
  if (!tabs.size) { close(); alive = false; }
}, 10000);

onconnect = (e) => {
  const port = e.ports[0];
  port.onmessage = (m) => {
    const q = m.data;
    if (q.gone) { tabs.delete(port); if (!tabs.size) { close(); alive = false; } return; }
    if (q.url) { url = q.url; tabs.set(port, { tenant: q.tenant, n: 0, kinds: new Set(), seen: Date.now() }); tell(port, { alive }); }
    const tab = tabs.get(port);
    if (tab) tab.seen = Date.now();
    open();
  };
  port.start();
};
