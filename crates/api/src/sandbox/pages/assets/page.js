// What the pages do beyond plain HTML. Every page works without it.
"use strict";

const digits = (text) => text.replace(/\D/g, "");

/** Groups as they stand on the card: 4-6-5 for American Express, fours for the rest. */
function grouped(number) {
  const groups = /^3[47]/.test(number) ? [4, 6, 5] : [4, 4, 4, 4, 3];
  const parts = [];
  for (let at = 0, i = 0; at < number.length && i < groups.length; at += groups[i], i += 1) {
    parts.push(number.slice(at, at + groups[i]));
  }
  return parts.join(" ");
}

function expiry(text) {
  let number = digits(text).slice(0, 4);
  if (/^[2-9]/.test(number)) number = `0${number}`.slice(0, 4);
  return number.length > 2 ? `${number.slice(0, 2)} / ${number.slice(2)}` : number;
}

/** Formats while typing and keeps the caret behind the digit it stood behind. */
function format(input, shape) {
  input.addEventListener("input", () => {
    const caret = digits(input.value.slice(0, input.selectionStart)).length;
    const before = digits(input.value).length;
    const atEnd = input.selectionStart === input.value.length;
    input.value = shape(input.value);
    if (atEnd || digits(input.value).length !== before) return;
    let at = 0;
    for (let seen = 0; seen < caret && at < input.value.length; at += 1) {
      if (/\d/.test(input.value[at])) seen += 1;
    }
    input.setSelectionRange(at, at);
  });
}

const number = document.getElementById("card-number");
const exp = document.getElementById("card-expiry");
const cvc = document.getElementById("card-cvc");
const name = document.getElementById("billing-name");
if (number) format(number, (text) => grouped(digits(text).slice(0, 19)));
if (exp) format(exp, expiry);
if (cvc) format(cvc, (text) => digits(text).slice(0, 4));

for (const button of document.querySelectorAll("[data-fill]")) {
  button.disabled = false;
  button.addEventListener("click", () => {
    number.value = grouped(button.dataset.fill);
    exp.value = `12 / ${(new Date().getFullYear() + 4) % 100}`;
    cvc.value = /^3[47]/.test(button.dataset.fill) ? "1234" : "123";
    if (name && !name.value) name.value = "Test Listener";
    (name || number).focus();
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// One click, one request. A page that comes back from the history cache can be sent again.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    (event.submitter || form.querySelector("button"))?.setAttribute("aria-busy", "true");
  });
}
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) {
    delete form.dataset.sent;
    for (const busy of form.querySelectorAll("[aria-busy]")) busy.removeAttribute("aria-busy");
  }
});
