// The till's operations: kept on the device until the server has answered, sent in order, again and again if need be.
// A dropped Wi-Fi, a reload or a closed page loses none; the server applies each once.

import { newId } from "./ids.js";
import { say } from "./screen.js";

const LONGEST_WAIT = 15_000;
const BATCH = 100;
const ANSWER_WITHIN = 15_000;

export class Outbox {
  #sending = false;
  #attempts = 0;
  #timer = null;

  // answered(op, result) is called once for each operation; changed() whenever the list is another.
  constructor({ url, answered, changed }) {
    const { venue, till } = document.body.dataset;
    this.url = url;
    this.key = `tableside.ops.${venue}.${till}`;
    this.answered = answered;
    this.changed = changed;
    addEventListener("online", () => this.soon());
    addEventListener("storage", (event) => event.key === this.key && this.changed());
  }

  get waiting() {
    try {
      return JSON.parse(localStorage.getItem(this.key)) ?? [];
    } catch {
      return [];
    }
  }

  #write(operations) {
    if (operations.length) localStorage.setItem(this.key, JSON.stringify(operations));
    else localStorage.removeItem(this.key);
  }

  // `shown` is what the page needs to draw it again after a reload; the server never sees it.
  add(operation, shown = {}) {
    const waiting = this.waiting;
    const sequence = Math.max(Date.now(), (waiting.at(-1)?.sequence ?? 0) + 1);
    this.#write([...waiting, { op_id: newId("op"), sequence, ...operation, shown }]);
    this.changed();
    this.soon();
  }

  soon() {
    this.#attempts = 0;
    clearTimeout(this.#timer);
    // Taps that come together go together.
    this.#timer = setTimeout(() => this.#send(), 15);
  }

  async #send() {
    if (this.#sending) return;
    const batch = this.waiting.slice(0, BATCH);
    if (!batch.length) return;
    this.#sending = true;
    let again = false;
    try {
      again = await this.#exchange(batch);
    } catch {
      this.#later();
    } finally {
      this.#sending = false;
    }
    if (again) this.soon();
  }

  async #exchange(batch) {
    const ops = batch.map(({ shown, ...operation }) => operation);
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": document.body.dataset.csrf },
      body: JSON.stringify({ ops }),
      signal: AbortSignal.timeout(ANSWER_WITHIN),
    });
    if (response.status === 401 || response.status === 403) {
      say("You are signed out. Your lines are kept: sign in and they go out.", "error");
      return false;
    }
    if (!response.ok) {
      const { error } = response.status === 409 ? await response.json() : {};
      if (error) say(error.message, "error");
      throw new Error(`${response.status}`);
    }
    const { results } = await response.json();
    return this.#settle(batch, results);
  }

  #settle(batch, results) {
    const answers = new Map(results.map((result) => [result.op_id, result]));
    const isDone = ({ op_id }) => answers.has(op_id) && answers.get(op_id).code !== "busy";
    this.#write(this.waiting.filter((operation) => !isDone(operation)));
    for (const operation of batch) if (isDone(operation)) this.answered(operation, answers.get(operation.op_id));
    this.changed();
    if (batch.some((operation) => !isDone(operation))) {
      this.#later();
      return false;
    }
    return this.waiting.length > 0;
  }

  #later() {
    const wait = Math.min(LONGEST_WAIT, 500 * 2 ** this.#attempts++);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#send(), wait * (0.6 + Math.random() * 0.4));
    this.changed();
  }
}
