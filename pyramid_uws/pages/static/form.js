// What script adds to a form: hints while one types, files that are dropped, the progress of sending them, and the
// way to what has to be mended. The server checks everything; without script the form is sent as any other.

const PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9";
const SENT = 10000; // for so long a form that was sent waits for the answer; then it can be sent again

// Hints

function numbersHint(input) {
  const wanted = input.dataset.count;
  for (const line of input.value.split("\n")) {
    const words = line.trim().split(/\s+/).filter(Boolean);
    if (!words.length) continue;
    const odd = words.find((word) => !/^([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?Inf|NaN)$/.test(word));
    if (odd !== undefined) return `“${odd}” is no number.`;
    if (wanted === "*" && (words.length < 6 || words.length % 2)) {
      return `Three or more pairs of numbers are expected; here are ${words.length} numbers.`;
    }
    if (wanted !== "*" && words.length !== Number(wanted)) {
      return `${wanted} numbers are expected; here are ${words.length}.`;
    }
  }
  return "";
}

function hintFor(input) {
  if (input.type === "file") return tooLarge(input);
  if (input.dataset.count) return numbersHint(input);
  const { badInput, rangeUnderflow, rangeOverflow, stepMismatch, typeMismatch } = input.validity;
  const what = input.type === "number" ? "number" : "date and time";
  if (badInput) return `This is no complete ${what}.`;
  if (rangeUnderflow) return `The smallest value allowed is ${input.min.replace("T", " ")}.`;
  if (rangeOverflow) return `The largest value allowed is ${input.max.replace("T", " ")}.`;
  if (stepMismatch && input.type === "number") return "A whole number is expected.";
  return typeMismatch ? "A URL begins with http:// or https://." : "";
}

function tooLarge(input) {
  const most = Number(input.dataset.most || 0);
  const file = most ? [...input.files].find(({ size }) => size > most) : undefined;
  return file ? `${file.name} is larger than what is taken.` : "";
}

function showHint(input) {
  const field = input.closest("[data-field]");
  if (!field) return "";
  const text = hintFor(input);
  let place = field.querySelector(".soon");
  if (!place && text) {
    place = document.createElement("p");
    place.className = "soon";
    place.setAttribute("role", "status");
    field.append(place);
  }
  if (place && place.textContent !== text) place.textContent = text;
  if (place) place.hidden = !text;
  return text;
}

// A hint moves what is below it. It comes when somebody has stopped typing, and never between the two halves of a
// click, which would then hit nothing.
let pressed = false;
document.addEventListener("pointerdown", () => { pressed = true; }, true);
for (const end of ["pointerup", "pointercancel", "dragend"]) {
  document.addEventListener(end, () => { pressed = false; }, true);
}

const waiting = new WeakMap();

function hintSoon(input) {
  clearTimeout(waiting.get(input));
  waiting.set(input, setTimeout(() => (pressed ? hintSoon(input) : showHint(input)), 700));
}

// Files

function prepareDrop(box) {
  const input = box.querySelector("input[type=file]");
  const hold = (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    box.classList.add("over");
  };
  box.addEventListener("dragenter", hold);
  box.addEventListener("dragover", hold);
  for (const end of ["dragleave", "drop", "dragend"]) {
    box.addEventListener(end, () => box.classList.remove("over"));
  }
  box.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    input.files = one.files;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

function chosenFiles(form) {
  return [...form.querySelectorAll("input[type=file]")].filter((input) => input.files.length);
}

// Sending

function size(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let power = 0;
  let number = bytes;
  while (number >= 1000 && power < units.length - 1) {
    number /= 1000;
    power += 1;
  }
  return `${power ? number.toFixed(1) : number} ${units[power]}`;
}

function send(form, button) {
  const box = form.querySelector("[data-progress]");
  const [bar, said] = [box.querySelector("progress"), box.querySelector("output")];
  const request = new XMLHttpRequest();
  const data = new FormData(form, button);
  const enable = (on) => {
    for (const each of form.querySelectorAll(".actions button")) each.disabled = !on;
    box.hidden = on;
  };
  request.upload.addEventListener("progress", ({ loaded, total, lengthComputable }) => {
    if (!lengthComputable) return;
    bar.value = loaded / total;
    said.textContent = loaded < total ? `${size(loaded)} of ${size(total)}` : "All is sent; the server looks at it.";
  });
  const fail = (text) => {
    enable(true);
    complain(form, text);
  };
  request.addEventListener("error", () => fail("The connection was lost before all was sent. Please try again."));
  request.addEventListener("abort", () => enable(true));
  request.addEventListener("load", () => {
    const made = request.status < 300 && request.responseURL && request.responseURL !== form.action;
    if (made) {
      location.assign(request.responseURL);
    } else if (/^text\/html/.test(request.getResponseHeader("Content-Type") ?? "")) {
      replaceForm(form, request.responseText);
    } else {
      fail(request.responseText || `The server answered ${request.status}.`);
    }
  });
  box.querySelector("[data-cancel]").addEventListener("click", () => request.abort(), { once: true });
  bar.value = 0;
  said.textContent = "";
  enable(false);
  request.open("POST", form.action);
  request.setRequestHeader("Accept", PAGE);
  request.send(data);
}

function complain(form, text) {
  let place = document.getElementById("not-sent");
  if (!place) {
    place = document.createElement("p");
    place.id = "not-sent";
    place.className = "notice error";
    place.setAttribute("role", "alert");
    place.tabIndex = -1;
    form.before(place);
  }
  place.textContent = text;
  place.focus();
}

// The form that comes back has what was typed; the files that were chosen are put into it again.
function replaceForm(form, html) {
  const made = new DOMParser().parseFromString(html, "text/html");
  const fresh = made.getElementById("form");
  const files = new Map(chosenFiles(form).map((input) => [input.name, input.files]));
  if (!fresh) {
    const main = made.querySelector("main");
    document.querySelector("main").replaceChildren(...(main ?? made.body).childNodes);
    document.querySelector("main").focus();
    return;
  }
  document.title = made.title;
  document.getElementById("form").replaceWith(fresh);
  for (const input of fresh.querySelectorAll("input[type=file]")) {
    if (!files.has(input.name)) continue;
    input.files = files.get(input.name);
    input.closest("[data-field]").querySelector("[data-lost]")?.remove();
  }
  prepare(fresh);
}

// A browser would show a page of its own in place of the form if there were no answer; so it is asked for one first.
async function sendIfAnswered(form, button) {
  try {
    await fetch(document.querySelector("link[rel=icon]").href, { cache: "no-store" });
  } catch {
    delete form.dataset.sent;
    complain(form, "The server does not answer. What you have filled in is still here; please try again in a moment.");
    return;
  }
  document.getElementById("not-sent")?.remove();
  form.dataset.sent = "answered";
  form.requestSubmit(button);
}

function submit(event) {
  const form = event.currentTarget;
  const unfit = [...form.elements].filter((input) => input.willValidate && input.validity.badInput);
  for (const input of unfit) showHint(input);
  if (unfit.length) {
    event.preventDefault(); // a browser would send nothing in place of what it cannot read
    unfit[0].focus();
  } else if (form.dataset.sent && form.dataset.sent !== "answered") {
    event.preventDefault(); // whoever clicks twice wants one job
  } else if (chosenFiles(form).length) {
    event.preventDefault();
    send(form, event.submitter);
  } else if (!form.dataset.sent) {
    event.preventDefault();
    form.dataset.sent = "asking";
    sendIfAnswered(form, event.submitter);
  } else {
    form.dataset.sent = "yes";
    setTimeout(() => { delete form.dataset.sent; }, SENT);
  }
}

// Who comes back to a page that was kept may send it again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// All of it

function focusFirstWrong(within) {
  const field = within.querySelector(".field.wrong");
  field?.closest("details")?.setAttribute("open", "");
  const input = field?.querySelector("[aria-invalid=true]") ?? field?.querySelector("input, select, textarea");
  (input ?? within.querySelector("#problems"))?.focus();
}

function prepare(within) {
  const form = within.querySelector("form[data-form]");
  form.noValidate = true; // all that is wrong is told by the server, at once
  form.addEventListener("submit", submit);
  form.addEventListener("input", (event) => hintSoon(event.target));
  for (const box of form.querySelectorAll("[data-drop]")) prepareDrop(box);
  focusFirstWrong(within);
}

const shown = document.getElementById("form");
if (shown) prepare(shown);
