// The sheet of a product that has to ask something: which size, how cooked, which side. It closes on the last choice.

import { icon, make } from "./elements.js";
import { money } from "./money.js";

const dialog = document.getElementById("choices");

// `done({ plu, modifiers, sub_items, words })` is called once, when everything compulsory is chosen.
export function askChoices(book, product, { currency, everything = false, done, takeOut = null }) {
  const sheet = new Sheet(book, product, { currency, everything, done, takeOut });
  sheet.open();
}

export function mustAsk(book, product) {
  return Boolean(product.parts) || (product.groups ?? []).some((id) => book.groups[id].min > 0);
}

class Sheet {
  constructor(book, product, { currency, everything, done, takeOut }) {
    Object.assign(this, { book, product, currency, everything, done, takeOut });
    this.portion = product.portions[0];
    this.chosen = new Map(); // question key → Map(plu → count)
  }

  open() {
    this.draw();
    dialog.showModal();
  }

  // Every question in the order it is asked: parts of a combo, each followed by what the chosen dish asks itself.
  questions() {
    const found = [];
    for (const [place, part] of (this.product.parts ?? []).entries()) {
      const key = `part-${place}`;
      found.push({ key, name: part.name, min: 1, max: 1, choices: part.choices, part: place });
      const plu = [...(this.chosen.get(key)?.keys() ?? [])][0];
      const dish = part.choices.find((choice) => choice.plu === plu);
      const groups = dish ? (this.book.products[dish.product]?.groups ?? []) : [];
      for (const id of groups) found.push(this.group(`${key}-${id}`, id, place));
    }
    for (const id of this.product.groups ?? []) found.push(this.group(`group-${id}`, id, null));
    return found.filter((question) => question.min > 0 || this.everything);
  }

  group(key, id, part) {
    const { name, min, max, choices } = this.book.groups[id];
    return { key, name, min, max, choices, part, isGroup: true };
  }

  isMet(question) {
    const count = [...(this.chosen.get(question.key)?.values() ?? [])].reduce((sum, one) => sum + one, 0);
    return count >= question.min;
  }

  pick(question, choice) {
    const picked = this.chosen.get(question.key) ?? new Map();
    if (question.max === 1) {
      if (picked.has(choice.plu) && !question.min) picked.clear();
      else {
        picked.clear();
        picked.set(choice.plu, 1);
      }
    } else if (picked.has(choice.plu)) picked.delete(choice.plu);
    else if (!question.max || picked.size < question.max) picked.set(choice.plu, 1);
    this.chosen.set(question.key, picked);
    const open = this.questions().filter((one) => !this.isMet(one));
    if (!open.length && !this.everything && question.min) this.finish();
    else this.draw();
  }

  finish() {
    const questions = this.questions();
    const modifiers = [];
    const parts = (this.product.parts ?? []).map(() => ({ modifiers: [] }));
    const words = [];
    for (const question of questions) {
      for (const plu of this.chosen.get(question.key)?.keys() ?? []) {
        words.push(question.choices.find((choice) => choice.plu === plu).name);
        if (!question.isGroup) parts[question.part].plu = plu;
        else (question.part === null ? modifiers : parts[question.part].modifiers).push({ plu, quantity: 1 });
      }
    }
    dialog.close();
    this.done({ portion: this.portion, modifiers, sub_items: parts, words });
  }

  draw() {
    const { product, currency } = this;
    const sections = [];
    if (this.everything && product.portions.length > 1) {
      const keys = product.portions.map((portion) =>
        this.key(portion.name || "One", money(portion.price, currency), portion === this.portion, () => {
          this.portion = portion;
          if (!this.questions().length) this.finish();
          else this.draw();
        }),
      );
      sections.push(make("section", {}, make("h3", {}, "Size"), make("div.options", {}, ...keys)));
    }
    for (const question of this.questions()) {
      const keys = question.choices.map((choice) =>
        this.key(
          choice.name,
          choice.out ? "sold out" : choice.price ? `+${money(choice.price, currency)}` : "",
          this.chosen.get(question.key)?.has(choice.plu),
          () => this.pick(question, choice),
          choice.out,
        ),
      );
      const state = this.isMet(question) ? "" : " wants";
      sections.push(
        make(`section${state ? ".wants" : ""}`, {}, make("h3", {}, question.name), make("div.options", {}, ...keys)),
      );
    }
    const missing = this.questions().some((question) => !this.isMet(question));
    dialog.replaceChildren(
      make(
        "div.sheet-head",
        {},
        make("h2", { id: "choices-title" }, product.name),
        make("button.button.round.plain", { type: "button", "data-close": true, "aria-label": "Close" }, icon("close")),
      ),
      ...sections,
      this.everything || missing
        ? make("button.button.main.wide.tall", { type: "button", disabled: missing, onclick: () => this.finish() }, "Add")
        : null ?? "",
      this.takeOut ?? "",
    );
  }

  key(name, under, isPressed, pick, isOut = false) {
    const label = under ? [make("span", {}, name), make("span.soft.money", {}, under)] : [make("span", {}, name)];
    const attributes = { type: "button", "aria-pressed": String(Boolean(isPressed)), disabled: isOut, onclick: pick };
    return make("button.key.option", attributes, ...label);
  }
}
