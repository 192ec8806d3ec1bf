// The page of a bulk run: its progress keeps itself up to date, and consents show what they change.
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

  const count = (form) => {
    const rows = [...document.querySelectorAll("tr[data-count]")];
    const show = () => {
      const given = new Set([...form.querySelectorAll("input[type=checkbox]:checked")].map((box) => box.name));
      const moves = (row) =>
        row.dataset.outlook === "moves" ||
        (row.dataset.liftedBy && row.dataset.liftedBy.split(",").every((name) => given.has(name)));
      const total = rows.filter(moves).reduce((sum, row) => sum + Number(row.dataset.count), 0);
      for (const id of ["bulk-moving", "bulk-button-count"]) document.getElementById(id).textContent = total;
    };
    form.addEventListener("change", show);
    show();
  };

  const begin = () => {
    const part = document.querySelector("[data-progress-url]");
    if (part) watch(part);
    const form = document.querySelector(".bulk-start");
    if (form) count(form);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
