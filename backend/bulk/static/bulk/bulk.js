// The page of a bulk run: consents show what they change.  Its progress is that of workflows/progress.js.
"use strict";

(() => {
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
    const form = document.querySelector(".bulk-start");
    if (form) count(form);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
