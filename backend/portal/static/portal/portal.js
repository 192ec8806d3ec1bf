// What the pages do beyond their forms; without this file everything still works, by reloading.
(() => {
  "use strict";

  // Times: the same words as the server's (backend/portal/relative_time.py), kept true.
  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang);

  function distanceTo(instant) {
    const seconds = Math.trunc((instant - Date.now()) / 1000);
    const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= 2 * size) || UNITS[3];
    // Past zero it is "0 seconds ago", never "in 0 seconds".
    return words.format(Math.trunc(seconds / size) || -0, unit);
  }

  function tell() {
    for (const time of document.querySelectorAll("time[data-relative]")) {
      time.textContent = distanceTo(Date.parse(time.dateTime));
    }
    for (const bar of document.querySelectorAll("progress[data-until]")) {
      const from = Date.parse(bar.dataset.from);
      const until = Date.parse(bar.dataset.until);
      bar.value = Math.min(1, Math.max(0, (until - Date.now()) / (until - from)));
    }
  }

  setInterval(tell, 10_000);
  document.addEventListener("htmx:afterSwap", tell);

  // A second click sends nothing: the server would refuse it, and say so.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // What somebody is filling in is not replaced under their hands: they are told that there is news.
  function isInUse(part) {
    const hasFocus = part.contains(document.activeElement) && document.activeElement.matches("input, textarea");
    return hasFocus || part.querySelector("details[open], form[data-sent]") !== null;
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    const news = document.getElementById("news");
    if (!news || event.detail.target.id !== "live" || event.detail.xhr.status !== 200) return;
    const waits = isInUse(event.detail.target);
    if (waits) event.detail.shouldSwap = false;
    news.hidden = !waits;
  });
})();
