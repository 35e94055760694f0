// What every page has: buttons that copy, hints of time that stay true, and htmx asking for pages.

const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

function roughly(seconds) {
  const [length, unit] = UNITS.find(([length]) => seconds >= length) ?? [1, "s"];
  return `${Math.floor(seconds / length)} ${unit}`;
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

// Fragments that are put into the page get what the page has.
document.addEventListener("htmx:load", (event) => {
  addCopyButtons(event.detail.elt);
  keepHints();
});

addCopyButtons(document);
keepHints();
setInterval(keepHints, 1000);
