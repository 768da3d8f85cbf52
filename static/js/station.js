// A station: what the open page has received it acknowledges by itself (✓✓ on the tills); taps move lines on.

import { Fragment, Line } from "./live.js";
import { serverNow } from "./screen.js";

const WARM = 10;
const HOT = 20;

const holder = document.getElementById("station");
const told = new Set();

// Only what somebody can see is received: a hidden tab acknowledges nothing.
async function acknowledge() {
  if (document.hidden) return;
  const state = document.getElementById("station-state");
  const lines = state.dataset.unseen.split(" ").filter((line) => line && !told.has(line));
  if (!lines.length) return;
  for (const line of lines) told.add(line);
  try {
    const response = await fetch(holder.dataset.acknowledge, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": document.body.dataset.csrf },
      body: JSON.stringify({ lines }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error?.message);
  } catch {
    // The next refresh names them again.
    for (const line of lines) told.delete(line);
  }
}

function age() {
  for (const card of holder.querySelectorAll(".card[data-since]")) {
    const minutes = (serverNow() - Number(card.dataset.since)) / 60000;
    const is = minutes >= HOT ? "hot" : minutes >= WARM ? "warm" : "fresh";
    if (card.dataset.uiAge !== is) card.dataset.uiAge = is;
  }
}

const fragment = new Fragment(holder, {
  refreshed() {
    age();
    acknowledge();
  },
});
new Line(document.body.dataset.live, () => fragment.refresh());
document.addEventListener("visibilitychange", acknowledge);
holder.addEventListener("htmx:afterRequest", (event) => {
  if (event.target.closest("[data-tap]")) fragment.refresh();
});
setInterval(age, 5000);
age();
acknowledge();
