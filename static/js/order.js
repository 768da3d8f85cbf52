// The order page. What the server knows comes as a fragment; what it does not know yet is drawn over it at once, and
// again after each refresh, until it has been answered and fetched.

import { askChoices, mustAsk } from "./choices.js";
import { newId } from "./ids.js";
import { Fragment, Line } from "./live.js";
import "./pay.js";
import "./pin.js";
import { Outbox } from "./outbox.js";
import { say } from "./screen.js";
import { Strip } from "./strip.js";
import { Overlay } from "./ticket.js";

const LONG_PRESS = 450;

const page = document.getElementById("page");
const holder = document.getElementById("ticket");
const menu = document.getElementById("menu");
const { currency } = page.dataset;

let book = readBook();
let seat = 0;

function readBook() {
  return JSON.parse(document.getElementById("book")?.textContent ?? '{"products": {}, "groups": {}, "courses": {}}');
}

function state() {
  return document.getElementById("ticket-state");
}

function target() {
  return JSON.parse(document.getElementById("ticket-target").dataset.target);
}

// ---- operations

const outbox = new Outbox({ url: page.dataset.operations, answered, changed: paint });
const overlay = new Overlay({ holder, outbox, here: page.dataset.here, currency, book: () => book });

function act(operation, shown = {}) {
  outbox.add({ target: target(), ...operation }, { ...shown, here: page.dataset.here });
}

function answered(operation, result) {
  if (result.ok) overlay.settle(operation);
  else if (operation.shown?.here === page.dataset.here || operation.kind === "add_line") {
    say(refusal(operation, result), "error");
  }
  ticket.refresh();
}

function refusal(operation, result) {
  const name = operation.shown?.name;
  return name && !result.message.includes(name) ? `${name}: ${result.message}` : result.message;
}

// ---- putting things on the ticket

function add(product, { portion = product.portions[0], modifiers = [], sub_items = [], words = [] } = {}) {
  const line = newId("line");
  const extra = [...modifiers, ...sub_items.flatMap((part) => [part, ...part.modifiers])];
  const price = portion.price + extra.reduce((sum, one) => sum + priceOf(product, one.plu), 0);
  const operation = { kind: "add_line", line, plu: portion.plu, quantity: 1 };
  if (modifiers.length) operation.modifiers = modifiers;
  if (sub_items.length) operation.sub_items = sub_items;
  if (seat) operation.seats = [seat];
  const name = `${product.name} ${portion.name}`.trim();
  strip.select(line);
  act(operation, { name, price, words, product: String(product.id), course: product.course, seats: seat ? [seat] : [] });
}

function priceOf(product, plu) {
  const groups = Object.values(book.groups);
  const choice =
    (product.parts ?? []).flatMap((part) => part.choices).find((one) => one.plu === plu) ??
    groups.flatMap((group) => group.choices).find((one) => one.plu === plu);
  return choice?.price ?? 0;
}

function productOf(button) {
  const product = book.products[button.dataset.product];
  return product && { ...product, id: Number(button.dataset.product) };
}

function tap(button) {
  const product = productOf(button);
  if (!product) return;
  if (button.classList.contains("is-out")) say(`${product.name} is sold out.`, "error");
  else if (mustAsk(book, product)) askChoices(book, product, { currency, done: (choice) => add(product, choice) });
  else add(product);
}

function askEverything(button) {
  const product = productOf(button);
  if (!product) return;
  const takeOut = document.getElementById("take-out").content.firstElementChild.cloneNode(true);
  const isOut = button.classList.contains("is-out");
  takeOut.setAttribute("hx-post", takeOut.dataset.url.replace("/0/", `/${product.id}/`));
  takeOut.setAttribute("hx-swap", "none");
  takeOut.elements.sold_out.value = isOut ? "" : "1";
  takeOut.querySelector("button").textContent = isOut ? "Back on the menu" : "Sold out";
  takeOut.addEventListener("htmx:afterRequest", () => document.getElementById("choices").close());
  window.htmx.process(takeOut);
  askChoices(book, product, { currency, everything: true, takeOut, done: (choice) => add(product, choice) });
}

let pressed = null;
menu.addEventListener("pointerdown", (event) => {
  const button = event.target.closest(".item");
  if (!button || event.button !== 0) return;
  pressed = { button, long: false };
  pressed.timer = setTimeout(() => {
    pressed.long = true;
    askEverything(button);
  }, LONG_PRESS);
});
for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
  menu.addEventListener(end, () => clearTimeout(pressed?.timer), true);
}
menu.addEventListener("scroll", () => clearTimeout(pressed?.timer), true);
menu.addEventListener("contextmenu", (event) => {
  const button = event.target.closest(".item");
  if (!button) return;
  event.preventDefault();
  clearTimeout(pressed?.timer);
  if (!pressed?.long && !document.getElementById("choices").open) askEverything(button);
});
menu.addEventListener("click", (event) => {
  const button = event.target.closest(".item");
  if (!button) return;
  const wasLong = pressed?.long;
  pressed = null;
  if (!wasLong) tap(button);
});

// ---- shelves and seats

function showShelf(code) {
  const shelves = [...menu.querySelectorAll(".shelf")];
  const known = shelves.some((shelf) => shelf.dataset.shelf === code) ? code : shelves[0]?.dataset.shelf;
  for (const shelf of shelves) {
    if (shelf.dataset.shelf === known) shelf.dataset.uiShown = "";
    else delete shelf.dataset.uiShown;
  }
  for (const tab of document.querySelectorAll("[data-shelf].tab")) {
    tab.setAttribute("aria-pressed", String(tab.dataset.shelf === known));
  }
  menu.dataset.uiShelf = known ?? "";
}

function drawSeats() {
  const covers = Number(state().dataset.covers || 0);
  const row = document.getElementById("seats");
  row.hidden = covers < 2;
  if (row.hidden || Number(row.dataset.covers) === covers) return;
  row.dataset.covers = covers;
  row.replaceChildren(
    ...Array.from({ length: covers + 1 }, (_, number) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "seat-key";
      button.textContent = number || "All";
      button.dataset.seat = number;
      button.setAttribute("aria-pressed", String(number === seat));
      button.setAttribute("aria-label", number ? `Seat ${number}` : "Everybody");
      return button;
    }),
  );
}

document.addEventListener("click", (event) => {
  const shelf = event.target.closest(".tab[data-shelf]");
  if (shelf) {
    showShelf(shelf.dataset.shelf);
    menu.scrollTop = 0;
  }
  const chosen = event.target.closest("[data-seat]");
  if (chosen) {
    seat = Number(chosen.dataset.seat);
    for (const key of document.querySelectorAll("[data-seat]")) {
      key.setAttribute("aria-pressed", String(key === chosen));
    }
  }
});

// ---- the strip of the selected line

const strip = new Strip({
  element: document.getElementById("strip"),
  holder,
  overlay,
  notesOf: (product) => book.products[product]?.notes ?? [],
  act,
  again: (line) => {
    const copy = overlay.copyOf(line);
    if (!copy) return;
    const id = newId("line");
    strip.select(id);
    act({ ...copy.operation, kind: "add_line", line: id }, copy.shown);
  },
});

// ---- send, fire, pay

const send = document.getElementById("send");
const fire = document.getElementById("fire");
const pay = document.getElementById("pay");
const unfold = document.getElementById("unfold");

send.addEventListener("click", () => {
  if (!send.disabled) act({ kind: "send" }, { name: "Send" });
});
fire.addEventListener("click", () => {
  const course = Number(state().dataset.fire);
  if (course) act({ kind: "fire", course }, { name: "Fire" });
});
unfold.addEventListener("click", () => {
  const open = document.body.toggleAttribute("data-ticket");
  unfold.setAttribute("aria-expanded", String(open));
});

function drawFoot() {
  const counts = overlay.count(state().dataset);
  const { due, total, fire: course, fireName } = state().dataset;
  const sending = overlay.isSending;
  send.disabled = !counts.go || sending;
  send.dataset.stuck = String(sending && document.body.dataset.line === "down");
  if (sending) send.textContent = `${counts.go} not with the kitchen yet`;
  else if (counts.go) send.textContent = counts.hold ? `Send ${counts.go} · hold ${counts.hold}` : `Send ${counts.go}`;
  else send.textContent = "Send";
  fire.hidden = !course;
  fire.querySelector("span").textContent = `Fire ${fireName}`;
  fire.classList.toggle("main", Boolean(course) && !counts.go);
  send.hidden = Boolean(course) && !counts.go && !sending;
  document.body.dataset.foot = counts.go || sending ? "send" : course ? "fire" : "pay";
  pay.disabled = !due;
  pay.textContent = due ? `Pay ${due}` : "Pay";
  document.getElementById("unfold-count").textContent = counts.items;
  document.getElementById("unfold-total").textContent = total;
  drawBadges();
}

function drawBadges() {
  const counts = overlay.countByProduct();
  for (const button of menu.querySelectorAll(".item")) {
    const count = counts.get(button.dataset.product);
    if (count) button.dataset.uiCount = count;
    else delete button.dataset.uiCount;
  }
}

// ---- drawing, and following the line

function paint() {
  overlay.draw();
  drawFoot();
  strip.draw();
}

const ticket = new Fragment(holder, {
  started: () => overlay.asked(),
  refreshed() {
    overlay.arrived();
    document.getElementById("head").innerHTML = document.getElementById("fresh-head").innerHTML;
    drawSeats();
    paint();
    payPath();
    moveHome();
  },
});

const shelves = new Fragment(menu, {
  refreshed() {
    book = readBook();
    showShelf(menu.dataset.uiShelf);
    drawBadges();
  },
});

function payPath() {
  const { pay: path } = state().dataset;
  if (path) pay.setAttribute("hx-get", path);
  else pay.removeAttribute("hx-get");
  window.htmx.process(pay);
}

// A tab is born with its first line; from then on the page is the page of that order.
function moveHome() {
  if (page.dataset.here !== location.pathname && state().dataset.watch.includes("order_") && !location.pathname.includes("/tables/")) {
    history.replaceState(null, "", page.dataset.here);
  }
}

const known = new Set();

function concerns(what) {
  const watched = new Set(state().dataset.watch.split(" "));
  return what.some((one) => {
    const [kind, id] = one.split(":");
    if (watched.has(id)) return true;
    if (kind !== "order" && kind !== "party") return false;
    // Whatever is new in the house may be a bill or a party of this table: look once.
    const isNew = !known.has(id);
    known.add(id);
    return isNew;
  });
}

new Line(document.body.dataset.live, (what) => {
  if (what === null) {
    outbox.soon();
    ticket.refresh();
    shelves.refresh();
    return;
  }
  if (what.includes("menu")) shelves.refresh();
  if (concerns(what)) ticket.refresh();
}).onstate = () => drawFoot();

showShelf(menu.querySelector(".shelf")?.dataset.shelf);
drawSeats();
payPath();
paint();
outbox.soon();

// ---- sheets that come from the server

const sheet = document.getElementById("sheet");
sheet.addEventListener("htmx:afterSwap", () => {
  if (!sheet.childElementCount) sheet.close();
  else if (!sheet.open) sheet.showModal();
});
sheet.addEventListener("close", () => sheet.replaceChildren());

