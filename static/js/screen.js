// What every screen shares: notes, sheets, minutes that tick, and htmx swapping by morph.

import { morphChildren } from "./morph.js";

const NOTE_SECONDS = 5;

export function say(text, level = "info") {
  const note = document.createElement("p");
  note.className = "note";
  note.dataset.level = level;
  note.textContent = text;
  document.getElementById("notes").append(note);
  setTimeout(() => note.remove(), NOTE_SECONDS * 1000);
}

// ---- notes that came with the page

for (const note of document.querySelectorAll(".notes .note")) setTimeout(() => note.remove(), NOTE_SECONDS * 1000);
document.addEventListener("say", (event) => say(event.detail.text, event.detail.level));

// ---- sheets: a tap on the veil closes them, and so does every [data-close]

document.addEventListener("click", (event) => {
  const dialog = event.target.closest("dialog.sheet");
  if (dialog && (event.target === dialog || event.target.closest("[data-close]"))) dialog.close();
});

export function openSheet(dialog, beside = null) {
  if (beside) {
    const place = beside.getBoundingClientRect();
    dialog.classList.add("beside");
    dialog.showModal();
    const own = dialog.getBoundingClientRect();
    const left = place.right + 12 + own.width < innerWidth ? place.right + 12 : place.left - own.width - 12;
    const top = Math.min(place.top, innerHeight - own.height - 12);
    dialog.style.setProperty("--left", `${Math.max(12, left)}px`);
    dialog.style.setProperty("--top", `${Math.max(12, top)}px`);
  } else {
    dialog.showModal();
  }
}

// ---- minutes, by the server's clock

let offset = 0;

export function serverNow() {
  return Date.now() + offset;
}

export function readClock(root = document) {
  const stamped = root.querySelector("[data-now]");
  if (stamped) offset = Number(stamped.dataset.now) - Date.now();
}

export function tick() {
  const now = serverNow();
  for (const minutes of document.querySelectorAll(".minutes[data-since]")) {
    const text = `${Math.max(0, Math.floor((now - Number(minutes.dataset.since)) / 60000))}′`;
    if (minutes.textContent !== text) minutes.textContent = text;
  }
  for (const clock of document.querySelectorAll(".clock[data-zone]")) {
    clock.textContent = new Intl.DateTimeFormat("en-GB", {
      hour: "2-digit",
      minute: "2-digit",
      timeZone: clock.dataset.zone,
    }).format(now);
  }
}

readClock();
tick();
setInterval(tick, 5000);

// ---- htmx: swap by morph, so that focus, scroll and open sheets survive a refresh

if (window.htmx) {
  window.htmx.defineExtension("morph", {
    isInlineSwap: (style) => style === "morph",
    handleSwap(style, target, fragment) {
      if (style !== "morph") return false;
      morphChildren(target, fragment);
      return [target];
    },
  });
}

// ---- a form that must not be sent twice by a double tap; caught before htmx or the browser sees it

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target.closest("form[data-once]");
    if (!form) return;
    if ("uiSent" in form.dataset) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
    form.dataset.uiSent = "";
    setTimeout(() => delete form.dataset.uiSent, 3000);
  },
  true,
);

// ---- an open menu closes when something else is tapped

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
