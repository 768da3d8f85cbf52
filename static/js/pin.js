// A PIN pad: keys on the screen or on a keyboard, dots for what was typed. Works in any <form data-pin>.

import "./screen.js";

const SHORTEST = 4;
const LONGEST = 8;

function draw(form) {
  const typed = form.elements.pin.value.length;
  const dots = form.querySelector(".dots");
  dots.replaceChildren(
    ...Array.from({ length: Math.max(SHORTEST, typed) }, (_, place) => {
      const dot = document.createElement("i");
      dot.classList.toggle("is-set", place < typed);
      return dot;
    }),
  );
  form.querySelector("[data-enter]").disabled = typed < SHORTEST;
}

function type(form, digit) {
  const field = form.elements.pin;
  if (field.value.length < LONGEST) field.value += digit;
  draw(form);
}

function erase(form) {
  form.elements.pin.value = form.elements.pin.value.slice(0, -1);
  draw(form);
}

export function beginPin(form) {
  form.elements.pin.value = "";
  draw(form);
}

// A pad that came with a sheet.
document.addEventListener("htmx:load", (event) => {
  const form = event.target.matches("form[data-pin]") ? event.target : event.target.querySelector("form[data-pin]");
  if (form) beginPin(form);
});

document.addEventListener("click", (event) => {
  const key = event.target.closest("form[data-pin] [data-digit], form[data-pin] [data-erase]");
  if (!key) return;
  if (key.dataset.digit) type(key.form, key.dataset.digit);
  else erase(key.form);
});

document.addEventListener("keydown", (event) => {
  const form = document.querySelector("dialog[open] form[data-pin]");
  if (!form || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^\d$/.test(event.key)) type(form, event.key);
  else if (event.key === "Backspace") erase(form);
  else if (event.key === "Enter" && !form.querySelector("[data-enter]").disabled) form.requestSubmit();
  else return;
  event.preventDefault();
});

// The page of faces: one tap says who, the pad asks for the rest.
const sheet = document.getElementById("pin-sheet");
if (sheet) {
  const form = sheet.querySelector("form");
  const ask = (person) => {
    form.elements.person.value = person.dataset.person;
    sheet.querySelector("h2").textContent = person.dataset.name;
    beginPin(form);
    sheet.showModal();
  };
  for (const person of document.querySelectorAll("[data-person]")) person.addEventListener("click", () => ask(person));
  const again = document.querySelector("[data-picked]");
  if (again) ask(again);
}
