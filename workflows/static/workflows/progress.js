// A part of a page that keeps itself up to date while something is under way.
//
// <div data-progress-url="…"> holds what that address answers: one element whose data-state names the state.
// Once the state is another one, the whole page is loaded anew.
"use strict";

(() => {
  const INTERVAL_MS = 1500;

  const watch = (part) => {
    const state = () => part.firstElementChild?.dataset.state;
    const before = state();
    const look = async () => {
      if (!document.hidden) {
        try {
          const response = await fetch(part.dataset.progressUrl, { credentials: "same-origin" });
          if (response.redirected || response.status === 404) return location.reload();
          if (response.ok) part.innerHTML = await response.text();
        } catch {
          // The server is away: the next look may find it.
        }
        if (state() !== before) return location.reload();
      }
      setTimeout(look, INTERVAL_MS);
    };
    setTimeout(look, INTERVAL_MS);
  };

  const begin = () => document.querySelectorAll("[data-progress-url]").forEach(watch);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
