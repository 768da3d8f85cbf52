// Cash: keys add up, "exact" takes the sum at once.

import { money } from "./money.js";

function draw(form) {
  const { due, currency } = form.dataset;
  const given = Number(form.elements.given.value || 0);
  const left = Number(due) - given;
  form.querySelector("[data-given]").textContent = given ? `given ${money(given, currency)}` : "";
  const take = form.querySelector("[data-take]");
  take.disabled = given === 0;
  const word = left > 0 ? `leaves ${money(left, currency)}` : left < 0 ? `change ${money(-left, currency)}` : "exact";
  take.textContent = given ? `Take ${money(given, currency)} cash · ${word}` : "Take cash";
}

document.addEventListener("click", (event) => {
  const key = event.target.closest("form[data-cash] [data-note], form[data-cash] [data-clear], form[data-cash] [data-exact]");
  if (!key) return;
  const { form } = key;
  const field = form.elements.given;
  if (key.dataset.note) field.value = Number(field.value || 0) + Number(key.dataset.note);
  else field.value = "exact" in key.dataset ? form.dataset.due : "";
  draw(form);
  if ("exact" in key.dataset) form.requestSubmit();
});
