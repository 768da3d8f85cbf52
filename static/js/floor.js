// The floor: places the tables as the room really is, opens the small sheets, and follows the line.

import { Fragment, Line } from "./live.js";
import { openSheet } from "./screen.js";

const SHOWN = "tableside.floor.area";
const HANDHELD = "tableside.floor.show";

const holder = document.getElementById("floor");

// ---- the plan

function place() {
  for (const tile of holder.querySelectorAll(".tile")) {
    const { x, y, w, h, turn, share } = tile.dataset;
    tile.style.setProperty("--x", x);
    tile.style.setProperty("--y", y);
    tile.style.setProperty("--w", w);
    tile.style.setProperty("--h", h);
    tile.style.setProperty("--turn", `${turn}deg`);
    tile.style.setProperty("--paid-share", share);
    tile.dataset.uiPlaced = "";
  }
}

function showArea(code) {
  const rooms = [...holder.querySelectorAll(".room")];
  const known = rooms.some((room) => room.dataset.area === code) ? code : rooms[0]?.dataset.area;
  for (const room of rooms) {
    if (room.dataset.area === known) room.dataset.uiShown = "";
    else delete room.dataset.uiShown;
  }
  for (const tab of document.querySelectorAll(".tab[data-area]")) {
    tab.setAttribute("aria-selected", String(tab.dataset.area === known));
  }
  if (known) localStorage.setItem(SHOWN, known);
}

function show(what) {
  document.body.dataset.show = what;
  localStorage.setItem(HANDHELD, what);
  for (const tab of document.querySelectorAll(".tab[data-show]")) {
    tab.setAttribute("aria-pressed", String(tab.dataset.show === what));
  }
}

// ---- sheets

const seatSheet = document.getElementById("seat-sheet");
const paidSheet = document.getElementById("paid-sheet");

function askCovers(tile) {
  const { code, name, booking, bookingWords, guests } = tile.dataset;
  const form = seatSheet.querySelector("form");
  form.action = `/${document.body.dataset.venue}/tables/${code}/seat`;
  form.elements.reservation.value = "";
  seatSheet.querySelector("h2").textContent = name;
  seatSheet.querySelector("[data-few]").hidden = false;
  seatSheet.querySelector("[data-many]").hidden = true;
  seatSheet.querySelector("[data-more]").hidden = false;
  const booked = seatSheet.querySelector("[data-booked]");
  booked.hidden = !booking;
  if (booking) {
    const button = booked.querySelector("button");
    button.textContent = `Seat ${bookingWords}`;
    button.value = guests;
    button.dataset.booking = booking;
  }
  openSheet(seatSheet, tile);
}

function offerClear(tile) {
  const { code, name, party } = tile.dataset;
  const here = `/${document.body.dataset.venue}`;
  paidSheet.querySelector("h2").textContent = `${name} has paid`;
  paidSheet.querySelector("form").action = `${here}/parties/${party}/clear`;
  paidSheet.querySelector("[data-again]").href = `${here}/tables/${code}`;
  openSheet(paidSheet, tile);
}

document.addEventListener("click", (event) => {
  const tile = event.target.closest("[data-free], [data-paid]");
  if (tile && !event.ctrlKey && !event.metaKey) {
    if ("free" in tile.dataset) {
      event.preventDefault();
      askCovers(tile);
    } else if (tile.dataset.party) {
      event.preventDefault();
      offerClear(tile);
    }
  }
  const newTab = event.target.closest("#new-tab");
  if (newTab) openSheet(document.getElementById("tab-sheet"));
  const area = event.target.closest(".tab[data-area]");
  if (area) showArea(area.dataset.area);
  const part = event.target.closest(".tab[data-show]");
  if (part) show(part.dataset.show);
  if (event.target.closest("[data-more]")) {
    seatSheet.querySelector("[data-few]").hidden = true;
    seatSheet.querySelector("[data-many]").hidden = false;
    event.target.closest("[data-more]").hidden = true;
  }
});

seatSheet.querySelector("form").addEventListener("submit", (event) => {
  event.target.elements.reservation.value = event.submitter?.dataset.booking ?? "";
});

// ---- go

place();
showArea(localStorage.getItem(SHOWN));
show(localStorage.getItem(HANDHELD) ?? "mine");

const fragment = new Fragment(holder, {
  refreshed() {
    place();
    showArea(localStorage.getItem(SHOWN));
  },
});
new Line(document.body.dataset.live, () => fragment.refresh());
