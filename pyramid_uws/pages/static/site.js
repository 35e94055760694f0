// What every page has: buttons that copy, hints of time that stay true, and htmx asking for pages.

const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

// As the server does: a whole number of the largest unit of which there are two.
function roughly(seconds) {
  const nearest = (number) => Math.floor(number + 0.5);
  for (const [index, [length, unit]] of UNITS.slice(0, -1).entries()) {
    const [smaller] = UNITS[index + 1];
    if (nearest(seconds / smaller) * smaller >= 2 * length) return `${nearest(seconds / length)} ${unit}`;
  }
  return `${nearest(seconds)} s`;
}

function hint(instant, now) {
  const seconds = (instant - now) / 1000;
  if (Math.abs(seconds) < 1) return "now";
  return seconds > 0 ? `in ${roughly(seconds)}` : `${roughly(-seconds)} ago`;
}

// The clock of this computer may be wrong; what the server called now beside each hint is not.
function keepHints() {
  for (const element of document.querySelectorAll("[data-hint]")) {
    element.skew ??= Date.parse(element.dataset.now) - performance.now();
    const text = `(${hint(Date.parse(element.dataset.hint), element.skew + performance.now())})`;
    if (element.textContent !== text) element.textContent = text;
  }
}

function addCopyButtons(within) {
  for (const pre of within.querySelectorAll("pre[data-copy]")) {
    if (pre.parentElement.classList.contains("copying") || !navigator.clipboard) continue;
    const box = document.createElement("div");
    box.className = "copying";
    pre.replaceWith(box);
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy: ${pre.getAttribute("aria-label")}`);
    button.addEventListener("click", () => copy(button, pre.textContent));
    box.append(pre, button);
  }
}

async function copy(button, text) {
  await navigator.clipboard.writeText(text);
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

// The server gives pages to those who ask as browsers do; htmx asks for anything.
document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers.Accept = "text/html,application/xhtml+xml,application/xml;q=0.9";
});

// What is not there any more may have a successor in what has come in its place: of the same name, or that says the
// same and leads to the same.
export function successor(element, within) {
  if (element.id) return within.querySelector(`#${CSS.escape(element.id)}`);
  const said = (each) => [each.textContent, each.getAttribute("href"), each.name, each.value].join("\n");
  return [...within.querySelectorAll(element.localName)].find((each) => said(each) === said(element)) ?? null;
}

// A server that does not answer is told of at the top of the page, until it does.
export function unanswered(text = "The server cannot be reached. It is tried again; what is shown may be old.") {
  let place = document.getElementById("unanswered");
  if (!place && text) {
    place = document.createElement("p");
    place.id = "unanswered";
    place.className = "notice warning";
    place.setAttribute("role", "status");
    document.querySelector("main").prepend(place);
  }
  if (place && place.textContent !== text) place.textContent = text;
  if (place) place.hidden = !text;
}

const again = (element) => /\bevery\b/.test(element.getAttribute("hx-trigger") ?? "");

document.addEventListener("htmx:sendError", ({ detail }) => {
  unanswered(again(detail.elt) ? undefined : "The server cannot be reached. Please try again.");
});
document.addEventListener("htmx:responseError", ({ detail }) => {
  const then = again(detail.elt) ? "What is shown may be old." : "Please try again.";
  unanswered(`The server answered ${detail.xhr.status}. ${then}`);
});
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful) unanswered("");
});

// Fragments that are put into the page get what the page has.
document.addEventListener("htmx:load", (event) => {
  addCopyButtons(event.detail.elt);
  keepHints();
});

addCopyButtons(document);
keepHints();
setInterval(keepHints, 1000);
