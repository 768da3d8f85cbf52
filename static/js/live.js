// The line to the server: hear that something changed, fetch it afresh. When it breaks a quiet banner says so, and
// it heals by itself; what was missed meanwhile is fetched on the way back.

import { readClock, serverNow, tick } from "./screen.js";

const ASK_ALIVE = 15_000;
const ANSWER_WITHIN = 5_000;
const LONGEST_WAIT = 15_000;
const SAFETY = 60_000;
const NOT_FOUND = 4404;

export class Line {
  #socket = null;
  #attempts = 0;
  #alive = null;
  #retry = null;

  // changed(what) is called with the list of what changed, and with null when anything may have.
  constructor(url, changed) {
    this.url = url;
    this.changed = changed;
    this.onstate = () => {};
    addEventListener("online", () => this.#soon());
    addEventListener("offline", () => this.#socket?.close());
    document.addEventListener("visibilitychange", () => document.hidden || this.#soon());
    // A page that comes back from the back-forward cache has slept through everything.
    addEventListener("pageshow", (event) => event.persisted && this.#soon());
    this.#open();
  }

  #open() {
    clearTimeout(this.#retry);
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.onmessage = (event) => this.#hear(JSON.parse(event.data));
    socket.onclose = (event) => this.#lost(socket, event.code);
  }

  #hear(message) {
    clearTimeout(this.#alive);
    this.#alive = setTimeout(() => this.#ask(), ASK_ALIVE);
    if (message.type === "hello") {
      this.#attempts = 0;
      this.#say("up");
      this.changed(null);
    } else if (message.type === "changed") {
      this.changed(message.what);
    }
  }

  #ask() {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send("?");
    this.#alive = setTimeout(() => this.#socket.close(), ANSWER_WITHIN);
  }

  #lost(socket, code) {
    if (socket !== this.#socket) return;
    clearTimeout(this.#alive);
    this.#socket = null;
    if (code === NOT_FOUND) return;
    this.#say("down");
    const wait = Math.min(LONGEST_WAIT, 500 * 2 ** this.#attempts++);
    this.#retry = setTimeout(() => this.#open(), wait * (0.5 + Math.random() / 2));
  }

  #soon() {
    if (this.#socket) return;
    this.#attempts = 0;
    this.#open();
  }

  #say(state) {
    document.body.dataset.line = state;
    // A blink between two connections is no news.
    setTimeout(() => {
      const banner = document.getElementById("offline");
      if (banner) banner.hidden = document.body.dataset.line !== "down";
    }, state === "down" ? 1500 : 0);
    this.onstate(state);
  }
}

// Fetches one fragment afresh: at once, and never twice at a time; at the moment the server named; and once a minute.
export class Fragment {
  #busy = false;
  #again = false;
  #timer = null;

  constructor(element, { refreshed = () => {}, started = () => {} } = {}) {
    this.element = element;
    this.refreshed = refreshed;
    this.started = started;
    // Buttons inside it make requests of their own, and their events bubble up to here.
    const own = (react) => (event) => event.target === element && react();
    element.addEventListener("htmx:afterSwap", own(() => this.#arrived()));
    element.addEventListener("htmx:afterRequest", own(() => this.#free()));
    this.#plan();
  }

  refresh() {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    this.started();
    window.htmx.trigger(this.element, "refresh");
  }

  #arrived() {
    readClock(this.element);
    tick();
    this.refreshed();
  }

  #free() {
    this.#busy = false;
    this.#plan();
    if (this.#again) {
      this.#again = false;
      this.refresh();
    }
  }

  #plan() {
    clearTimeout(this.#timer);
    const next = Number(this.element.querySelector("[data-next]")?.dataset.next || 0);
    const wait = next ? Math.max(1000, next - serverNow() + 200) : SAFETY;
    this.#timer = setTimeout(() => this.refresh(), Math.min(wait, SAFETY));
  }
}
