// Keys for lists and for the pages of their objects; everything works without them too.
"use strict";

(() => {
  const SEARCH = "#searchbar";
  const ROW_LINK = "#result_list tbody tr :is(th, td) > a[href]";

  const isWriting = (element) =>
    element instanceof Element && element.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

  // The first link of each row, in order.
  const listRows = () => {
    const rows = new Map();
    for (const link of document.querySelectorAll(ROW_LINK)) {
      const row = link.closest("tr");
      if (!rows.has(row)) rows.set(row, link);
    }
    return [...rows];
  };

  const findFocusedRow = (rows) => rows.findIndex(([row]) => row.contains(document.activeElement));

  const moveBy = (step) => {
    const rows = listRows();
    if (!rows.length) return false;
    const here = findFocusedRow(rows);
    const there = here < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(here + step, 0), rows.length - 1);
    rows[there][1].focus({ focusVisible: true });
    rows[there][0].scrollIntoView({ block: "nearest" });
    return true;
  };

  const follow = (selector) => {
    const link = document.querySelector(selector);
    link?.click();
    return Boolean(link);
  };

  const search = () => {
    const field = document.querySelector(SEARCH);
    field?.focus();
    field?.select();
    return Boolean(field);
  };

  const showKeys = () => {
    const dialog = document.querySelector("[data-wf-keys]");
    if (!dialog) return false;
    dialog.showModal();
    return true;
  };

  // The first action that is not dangerous.  The key only ever opens its question: it takes another one to do it.
  const ACTIONS = ".wf-actions > :is(a[data-wf-dialog]:not(.wf-danger), form.wf-action:not(:has(.wf-danger)))";
  const ask = () => {
    const first = document.querySelector(ACTIONS);
    if (!first) return false;
    first.dispatchEvent(new CustomEvent("wf:ask", { bubbles: true }));
    return true;
  };

  const KEYS = {
    "/": search,
    "?": showKeys,
    j: () => moveBy(1),
    k: () => moveBy(-1),
    n: () => follow("[data-wf-next]"),
    p: () => follow("[data-wf-previous]"),
    a: ask,
  };
  // Arrows scroll a page, until somebody is among the rows.
  const ARROWS = { ArrowDown: KEYS.j, ArrowUp: KEYS.k };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isWriting(event.target) || document.querySelector("dialog[open]")) return;
    const isMove = "jk".includes(event.key) || event.key in ARROWS;
    if (event.repeat && !isMove) return;
    const isAmongRows = findFocusedRow(listRows()) >= 0;
    const act = KEYS[event.key] ?? (isAmongRows ? ARROWS[event.key] : undefined);
    if (act?.()) event.preventDefault();
  });

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-wf-keys-open]")) {
      button.hidden = false;
      button.addEventListener("click", showKeys);
    }
  });
})();
