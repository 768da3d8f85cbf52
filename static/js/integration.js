// The integration: follows the line to Dojo and the calls on it, and fetches afresh after its own taps.

import { Fragment, Line } from "./live.js";

// How often counts are looked at that nobody tells of: what was answered, what waits.
const LOOK_EVERY = 10_000;
// On a busy evening calls come faster than anybody reads.
const CALLS_EVERY = 2_000;

const state = document.getElementById("integration");
const stateFragment = new Fragment(state);
const calls = document.getElementById("calls");
const callsFragment = new Fragment(calls);

let planned = null;

function callsSoon() {
  planned ??= setTimeout(() => {
    planned = null;
    callsFragment.refresh();
  }, CALLS_EVERY);
}

new Line(document.body.dataset.live, (what) => {
  if (what === null) {
    stateFragment.refresh();
    callsFragment.refresh();
    return;
  }
  if (what.includes("calls")) callsSoon();
  if (what.some((one) => one !== "calls")) stateFragment.refresh();
});

state.addEventListener("htmx:afterRequest", (event) => {
  if (event.target.closest("[data-tap]")) stateFragment.refresh();
});
// A hundred others came since this one was listed.
calls.addEventListener("htmx:responseError", (event) => {
  const said = event.target.querySelector(".said p");
  if (said) said.textContent = "It is no longer kept.";
});
const asking = (event) => {
  const waiting = event.target.querySelector("#asking");
  if (waiting) waiting.textContent = "Dojo could not be asked. Load this page again.";
};
document.getElementById("capabilities").addEventListener("htmx:responseError", asking);
document.getElementById("capabilities").addEventListener("htmx:sendError", asking);
setInterval(() => document.hidden || stateFragment.refresh(), LOOK_EVERY);
