// The strip of the selected line: fewer, more, a note, a seat, the same again, off.

import { icon, make } from "./elements.js";

const NOTES_SHOWN = 4;

export class Strip {
  #selected = null;
  #drawn = "";

  constructor({ element, holder, overlay, notesOf, act, again }) {
    Object.assign(this, { element, holder, overlay, notesOf, act, again });
    holder.addEventListener("click", (event) => this.#tap(event.target.closest(".line")));
    holder.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.classList.contains("line")) this.#tap(event.target);
    });
  }

  select(id) {
    this.#selected = id;
    this.draw();
  }

  #tap(row) {
    if (row) this.select(row.id === this.#selected ? null : row.id);
  }

  get row() {
    const row = this.#selected && document.getElementById(this.#selected);
    return row && !("uiGone" in row.dataset) ? row : null;
  }

  draw() {
    const { row } = this;
    for (const other of this.holder.querySelectorAll(".line[data-ui-selected]")) {
      if (other !== row) delete other.dataset.uiSelected;
    }
    if (row) row.dataset.uiSelected = "";
    this.element.hidden = !row;
    const drawn = row ? JSON.stringify([row.id, { ...row.dataset, uiPending: "" }]) : "";
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const isFree = row && (row.dataset.state === "unsent" || row.dataset.state === "held");
    this.element.replaceChildren(...(row ? (isFree ? this.#whileUnsent(row) : this.#onceSent(row)) : []));
    window.htmx.process(this.element);
  }

  #whileUnsent(row) {
    const { id } = row;
    const { name } = row.dataset;
    const quantity = Number(row.dataset.quantity);
    const change = (to) => this.act({ kind: "set_quantity", line: id, quantity: to }, { name });
    const off = () => this.act({ kind: "remove_line", line: id }, { name });
    return [
      make(
        "div.strip-row",
        {},
        make("b.strip-name", {}, name),
        button("minus", quantity > 1 ? "One less" : "Take off", () => (quantity > 1 ? change(quantity - 1) : off())),
        make("output.strip-count", { "aria-live": "polite" }, String(quantity)),
        button("plus", "One more", () => change(quantity + 1)),
        button("close", "Take off", off),
      ),
      make("div.strip-row.notes-row", {}, ...this.#notes(row), this.#ownNote(row)),
    ];
  }

  #notes(row) {
    const said = row.dataset.note ? row.dataset.note.split(", ") : [];
    return this.notesOf(row.dataset.product)
      .slice(0, NOTES_SHOWN)
      .map((note) => {
        const isOn = said.includes(note);
        const next = isOn ? said.filter((one) => one !== note) : [...said, note];
        const tap = () => this.#note(row, next.join(", "));
        return make("button.chip-key", { type: "button", "aria-pressed": String(isOn), onclick: tap }, note);
      });
  }

  #ownNote(row) {
    const open = () => {
      const field = make("input.input", { maxlength: "500", value: row.dataset.note, "aria-label": "Note" });
      const form = make("form.note-form", {}, field, make("button.button", {}, "Note"));
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.#note(row, field.value.trim());
      });
      this.element.querySelector(".notes-row").replaceChildren(form);
      field.focus();
    };
    return make("button.chip-key", { type: "button", onclick: open, "aria-label": "Write a note" }, "note …");
  }

  #note(row, note) {
    this.act({ kind: "set_note", line: row.id, note }, { name: row.dataset.name });
    // What stands in the field now is sent; the keys may be drawn again.
    this.#drawn = "";
    this.draw();
  }

  #onceSent(row) {
    const again = () => this.again(row.id);
    const keys = [make("button.button", { type: "button", onclick: again }, "Same again")];
    if (row.dataset.off) {
      const attributes = { type: "button", "hx-get": row.dataset.off, "hx-target": "#sheet", "hx-swap": "innerHTML" };
      keys.push(make("button.button.grave", attributes, "Take off …"));
    }
    return [make("div.strip-row", {}, make("b.strip-name", {}, row.dataset.name), ...keys)];
  }
}

function button(picture, label, tap) {
  return make("button.button.round", { type: "button", "aria-label": label, onclick: tap }, icon(picture));
}
