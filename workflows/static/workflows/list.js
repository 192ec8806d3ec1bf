// Comfort for the filters of a list; everything works without it too.
"use strict";

(() => {
  const WAIT_MS = 200;

  // A field asks its own address what may be meant, and offers the answers in its list.
  const suggest = async (field) => {
    const words = field.value.trim();
    if (!words) return;
    const answer = await fetch(`${field.dataset.wfSuggest}?term=${encodeURIComponent(words)}`, { credentials: "same-origin" });
    if (!answer.ok || field.value.trim() !== words) return;
    const { suggestions } = await answer.json();
    field.list.replaceChildren(...suggestions.map((text) => new Option(text, text)));
  };

  const timers = new WeakMap();
  document.addEventListener("input", (event) => {
    const field = event.target.closest("input[data-wf-suggest]");
    if (!field) return;
    clearTimeout(timers.get(field));
    // Suggestions are a comfort: where none can be had, what is typed counts all the same.
    timers.set(field, setTimeout(() => suggest(field).catch(() => undefined), WAIT_MS));
  });

  // On a narrow screen the tabs begin at the current one.
  document.addEventListener("DOMContentLoaded", () => {
    const current = document.querySelector(".wf-tab[aria-current]");
    const tabs = current?.closest(".wf-tabs");
    if (tabs) tabs.scrollLeft = current.offsetLeft - tabs.offsetLeft - tabs.clientWidth / 2 + current.offsetWidth / 2;
  });
})();
