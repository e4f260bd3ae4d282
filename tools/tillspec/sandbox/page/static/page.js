// What makes the checkout better where there is JavaScript. Nothing depends on it: the server has the last word.
"use strict";

const form = document.querySelector("form[data-once]");
const SECRET = ["number", "expiry", "cvc"];
let updating = null; // the update that is on its way
let soon = 0; // the one that will be sent in a moment
let waiting = null; // a click on Pay that came before the total was there
let ours = false; // whether the problems on the page are those of an update

// -- totals that follow ----------------------------------------------------------------------------------------------

const sent = (deed) => {
  const data = new FormData(form);
  for (const name of SECRET) data.delete(name);
  for (const field of form.querySelectorAll("input:not([type=number])")) {
    if (!field.validity.valid) data.delete(field.name); // half typed
  }
  if (deed !== "apply") data.delete("promo_code");
  data.set("do", deed === "remove" ? "remove" : "update");
  return new URLSearchParams(data);
};

const swap = (page, name) => {
  const here = document.querySelector(`[data-live="${name}"]`);
  const there = page.querySelector(`[data-live="${name}"]`);
  if (!here || !there) return;
  // what somebody may be typing into stays, unless it is another thing now
  if (here.dataset.shape !== undefined && here.dataset.shape === there.dataset.shape) return;
  if (here.innerHTML !== there.innerHTML) here.replaceChildren(...there.childNodes);
  if (there.dataset.shape !== undefined) here.dataset.shape = there.dataset.shape;
};

const show = (page) => {
  if (!page.querySelector("#checkout")) {
    location.reload(); // the session has moved on
    return;
  }
  const wrong = page.querySelector("#problems") !== null;
  const focused = document.activeElement?.id;
  for (const name of ["amount", "cart", "promo", "totals", "address", "province", "delivery", "payment", "button"]) swap(page, name);
  if (wrong || ours) swap(page, "problems");
  ours = wrong;
  if (focused && document.activeElement?.id !== focused) {
    const again = { apply: "remove", remove: "promo_code" }[focused];
    (document.getElementById(focused) ?? document.getElementById(again))?.focus();
  }
};

const update = async (deed) => {
  clearTimeout(soon);
  soon = 0;
  updating?.abort();
  const mine = (updating = new AbortController());
  try {
    const answer = await fetch(form.action, { method: "POST", body: sent(deed), signal: mine.signal });
    const html = await answer.text();
    if (updating === mine && answer.status < 500) show(new DOMParser().parseFromString(html, "text/html"));
  } catch {
    // Another update has taken its place, or the network is gone; the form still works as it is.
  } finally {
    if (updating === mine) {
      updating = null;
      resume();
    }
  }
};

const later = () => {
  clearTimeout(soon);
  soon = setTimeout(() => update("update"), 120);
};

// -- one payment for one click ------------------------------------------------------------------------------------------

const submit = (event) => {
  if (form.dataset.busy !== undefined) {
    event.preventDefault();
  } else if (event.submitter?.value === "cancel") {
    for (const name of SECRET) if (form.elements[name]) form.elements[name].value = "";
    form.dataset.busy = "";
  } else if (soon || updating) {
    event.preventDefault(); // the total may be about to change
    waiting = { submitter: event.submitter, seen: form.elements.seen?.value };
  } else {
    form.dataset.busy = "";
  }
};

const resume = () => {
  const asked = waiting;
  waiting = null;
  if (!asked) return;
  if (asked.seen === form.elements.seen?.value) form.requestSubmit(asked.submitter);
  else document.getElementById("pay")?.focus(); // the new total is read out, and stands on the button
};

// -- cards ---------------------------------------------------------------------------------------------------------------

const grouped = (digits) => digits.replace(/(.{4})(?=.)/g, "$1 ");
const slashed = (digits) => (digits.length > 2 ? `${digits.slice(0, 2)}/${digits.slice(2)}` : digits);

const typed = (field, most, written) => {
  const before = field.value.slice(0, field.selectionStart).replace(/\D/g, "").length;
  const value = written(field.value.replace(/\D/g, "").slice(0, most));
  if (value === field.value) return;
  field.value = value;
  let place = 0;
  for (let digits = 0; place < value.length && digits < before; place += 1) if (/\d/.test(value[place])) digits += 1;
  field.setSelectionRange(place, place);
};

const use = (number) => {
  const fields = SECRET.map((name) => form.elements[name]);
  if (!fields[0]) return;
  const year = String((new Date().getFullYear() + 4) % 100).padStart(2, "0");
  [number, `12/${year}`, "123"].forEach((value, place) => (fields[place].value = value));
  document.getElementById("pay").focus();
};

// -- what happens when -----------------------------------------------------------------------------------------------------

if (form) {
  form.addEventListener("submit", submit);
  form.addEventListener("change", (event) => event.target.matches("[data-update]") && later());
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-quick]");
    if (!button) return;
    event.preventDefault();
    update(button.id);
  });
  form.addEventListener("input", (event) => {
    if (event.target.name === "number") typed(event.target, 19, grouped);
    if (event.target.name === "expiry") typed(event.target, 4, slashed);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.name !== "promo_code") return;
    event.preventDefault();
    update("apply");
  });
  if (form.dataset.seconds !== undefined) {
    setTimeout(() => location.reload(), Math.min(Number(form.dataset.seconds) * 1000 + 500, 2 ** 31 - 1));
  }
}

for (const button of document.querySelectorAll("[data-card]")) {
  button.hidden = false;
  button.addEventListener("click", () => use(button.dataset.card));
}

// a picture of the goods that does not come leaves no hole
const missing = (picture) => picture.matches?.(".line img") && picture.remove();
document.addEventListener("error", (event) => missing(event.target), true);
for (const picture of document.images) if (picture.complete && !picture.naturalWidth && picture.loading !== "lazy") missing(picture);

// a page that comes back as it was left (the back button) may be long out of date
addEventListener("pageshow", (event) => event.persisted && location.reload());
