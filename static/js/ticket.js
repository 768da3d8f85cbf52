// What the till did and the server has not shown yet, drawn over the ticket: ghosts of new lines, changed quantities,
// notes and seats, lines on their way out. Drawing twice is drawing once.

import { icon, make } from "./elements.js";
import { money } from "./money.js";

const WAITING = new Set(["unsent", "held"]);

export class Overlay {
  #settled = []; // answered, but the fragment that shows it has not come yet
  #asked = 0;

  constructor({ holder, outbox, here, currency, book }) {
    Object.assign(this, { holder, outbox, here, currency, book });
  }

  // ---- the life of an operation

  settle(operation) {
    this.#settled.push(operation);
  }

  asked() {
    this.#asked = this.#settled.length;
  }

  arrived() {
    this.#settled.splice(0, this.#asked);
    this.#asked = 0;
  }

  get operations() {
    return [...this.#settled, ...this.pending];
  }

  get pending() {
    return this.outbox.waiting.filter((operation) => operation.shown?.here === this.here);
  }

  get isSending() {
    return this.operations.some((operation) => operation.kind === "send" || operation.kind === "fire");
  }

  // ---- drawing

  draw() {
    const operations = this.operations;
    const pending = new Set(this.pending.map((operation) => operation.op_id));
    const ghosts = this.holder.querySelector("#ghosts");
    ghosts?.replaceChildren();
    for (const row of this.holder.querySelectorAll(".line[data-ui-pending]")) delete row.dataset.uiPending;
    for (const operation of operations) {
      const isPending = pending.has(operation.op_id);
      if (operation.kind === "add_line" && !document.getElementById(operation.line)) {
        ghosts?.append(ghostOf(operation, this.currency));
      } else if (operation.line) {
        this.#change(document.getElementById(operation.line), operation, isPending);
      }
    }
    const empty = this.holder.querySelector("#ticket-empty");
    if (empty) empty.hidden = Boolean(this.holder.querySelector(".line"));
  }

  #change(row, operation, isPending) {
    if (!row) return;
    if (isPending) row.dataset.uiPending = "";
    if (operation.kind === "set_quantity") {
      row.dataset.quantity = operation.quantity;
      row.querySelector(".qty").textContent = operation.quantity;
    } else if (operation.kind === "set_note") {
      row.dataset.note = operation.note;
      row.querySelector(".note-words").textContent = operation.note;
    } else if (operation.kind === "set_seats") {
      row.dataset.seats = operation.seats.join(" ");
      row.querySelector(".seat-words").textContent = operation.seats.length ? `s${operation.seats.join(" ")}` : "";
    } else if (operation.kind === "remove_line") {
      row.dataset.uiGone = "";
    }
  }

  // ---- counting, as the server will

  rows() {
    return [...this.holder.querySelectorAll(".line:not([data-ui-gone])")];
  }

  count({ fired, held, goesOut }) {
    const rows = this.rows();
    const unsent = rows.filter((row) => row.dataset.state === "unsent");
    const courses = this.book().courses;
    const places = unsent
      .map((row) => courses[row.dataset.course])
      .filter((course) => course && !course.once)
      .map((course) => course.at);
    const away = numbers(fired);
    const back = numbers(held);
    const first = Math.min(...places, ...back);
    const goes = (row) => {
      const course = courses[row.dataset.course];
      if (goesOut || !course || course.once) return true;
      return away.includes(course.at) || (!back.includes(course.at) && course.at === first);
    };
    const go = unsent.filter(goes);
    return { go: sum(go), hold: sum(unsent) - sum(go), items: sum(rows) };
  }

  countByProduct() {
    const counts = new Map();
    for (const { dataset } of this.rows()) {
      if (!WAITING.has(dataset.state)) continue;
      counts.set(dataset.product, (counts.get(dataset.product) ?? 0) + Number(dataset.quantity));
    }
    return counts;
  }

  // ---- the same again

  copyOf(id) {
    const row = document.getElementById(id);
    if (!row) return null;
    const made = this.operations.find((operation) => operation.kind === "add_line" && operation.line === id);
    if (made) {
      const { plu, quantity, modifiers, sub_items, seats, shown } = made;
      return { operation: dropEmpty({ plu, quantity, modifiers, sub_items, seats, note: row.dataset.note }), shown };
    }
    const choices = JSON.parse(row.dataset.choices || "{}");
    const { plu, name, product, course, note } = row.dataset;
    const seats = numbers(row.dataset.seats);
    return {
      operation: dropEmpty({ plu, quantity: 1, seats, note, ...choices }),
      shown: { name, product, course: Number(course) || null, words: [], seats },
    };
  }
}

export function ghostOf({ line, quantity, note = "", shown }, currency) {
  const { name, price, words = [], product, course, seats = [] } = shown;
  return make(
    "li.line.is-unsent.is-ghost",
    {
      id: line,
      tabindex: "0",
      "data-state": "unsent",
      "data-quantity": quantity,
      "data-product": product,
      "data-name": name,
      "data-note": note,
      "data-course": course ?? "",
      "data-seats": seats.join(" "),
      "data-ui-pending": true,
    },
    make("span.qty", {}, String(quantity)),
    make(
      "span.what",
      {},
      make("span.name", {}, name),
      ...words.map((word) => make("span.extra", {}, word)),
      make("span.extra.note-words", {}, note),
    ),
    make("span.seat-words", {}, seats.length ? `s${seats.join(" ")}` : ""),
    make("span.money", {}, price === undefined ? "" : money(price * quantity, currency)),
    make("span.mark", { title: "Only on this device so far" }, icon("clock")),
  );
}

function numbers(text) {
  return (text ?? "").split(" ").filter(Boolean).map(Number);
}

function sum(rows) {
  return rows.reduce((total, row) => total + Number(row.dataset.quantity), 0);
}

function dropEmpty(operation) {
  return Object.fromEntries(Object.entries(operation).filter(([, value]) => value && value.length !== 0));
}
