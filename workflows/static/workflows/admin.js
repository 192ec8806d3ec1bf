// Comfort for the panel of a workflow model; everything works without it too.
"use strict";

(() => {
  // A transition that asks opens as a dialog: the question of its own page, fetched when it is wanted.
  // Where there is none, its page says what is wrong; a page that leads back has left a message for this one.
  const fetchQuestion = async (address) => {
    const answer = await fetch(address, { redirect: "manual", credentials: "same-origin" });
    if (answer.type === "opaqueredirect") return { elsewhere: window.location.pathname + window.location.search };
    if (!answer.ok) return { elsewhere: address };
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const question = page.querySelector("[data-wf-question]");
    return question ? { question } : { elsewhere: address };
  };

  const openDialog = (question) => {
    const dialog = document.createElement("dialog");
    dialog.className = "wf-admin wf-dialog";
    dialog.setAttribute("aria-labelledby", "wf-question-title");
    dialog.append(document.adoptNode(question));
    // A click on the backdrop is a click on the dialog itself, outside of what it holds.
    dialog.addEventListener("pointerdown", (event) => {
      const box = dialog.getBoundingClientRect();
      const isInside = event.clientX >= box.left && event.clientX <= box.right
        && event.clientY >= box.top && event.clientY <= box.bottom;
      if (event.target === dialog && !isInside) dialog.close();
    });
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    // Where nothing has to be filled in, Enter does it and Escape leaves.
    if (!dialog.querySelector(".wf-field")) dialog.querySelector("button[type=submit]")?.focus();
  };

  // Ask about the transition of a link or of a form: as a dialog, or on its own page.
  const ask = async (control, address) => {
    if (control.getAttribute("aria-disabled") === "true") return;
    control.setAttribute("aria-disabled", "true");
    let found;
    try {
      found = await fetchQuestion(address);
    } catch {
      found = { elsewhere: address };
    }
    control.removeAttribute("aria-disabled");
    if (found.question) openDialog(found.question);
    else window.location.assign(found.elsewhere);
  };

  document.addEventListener("click", (event) => {
    const cancel = event.target.closest("dialog [data-wf-cancel]");
    if (cancel) {
      event.preventDefault();
      cancel.closest("dialog").close();
      return;
    }
    const link = event.target.closest("a[data-wf-dialog]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    ask(link, link.href);
  });

  // A key asks about a transition before it runs, one that a click would run at once too.
  document.addEventListener("wf:ask", (event) => ask(event.target, event.target.href ?? event.target.action));

  // A second click while the first is on its way does nothing.
  document.addEventListener("submit", (event) => {
    const form = event.target.closest(".wf-admin form");
    if (!form) return;
    if (form.dataset.wfSent) {
      event.preventDefault();
      return;
    }
    form.dataset.wfSent = "yes";
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll(".wf-admin form[data-wf-sent]")) {
      delete form.dataset.wfSent;
      for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
    }
  });

  // What is asked for has the focus: browsers let autofocus go now and then while a page is busy loading.
  document.addEventListener("DOMContentLoaded", () => {
    if (document.activeElement === document.body) document.querySelector(".wf-admin [autofocus]")?.focus();
  });

  // On a narrow screen the drawing begins where the object is.
  document.addEventListener("DOMContentLoaded", () => {
    for (const frame of document.querySelectorAll(".wf-panel .wf-diagram-scroll")) {
      const box = frame.querySelector(".wf-current")?.getBoundingClientRect();
      if (box) frame.scrollLeft += box.left + box.width / 2 - frame.getBoundingClientRect().left - frame.clientWidth / 2;
    }
  });

  // A transition loads the page anew: say so while the edit form holds changes.
  const warn = (event) => {
    const note = document.querySelector("[data-wf-unsaved]");
    if (note && event.target.closest("#content-main form")) note.hidden = false;
  };
  document.addEventListener("input", warn);
  document.addEventListener("change", warn);
})();
