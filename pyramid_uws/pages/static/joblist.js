// The list of jobs: select all, see how many are selected, and rows that follow their jobs.

import { unanswered } from "./site.js";

const form = document.getElementById("jobs");
const LOOK = 5000;

const boxes = () => [...form.querySelectorAll("input[name=JOB]")];

function count() {
  const chosen = boxes().filter((box) => box.checked).length;
  const everything = document.getElementById("everything");
  document.getElementById("selected").textContent =
    chosen ? `${chosen} selected` : "Select jobs to abort or delete them.";
  everything.checked = chosen > 0 && chosen === boxes().length;
  everything.indeterminate = chosen > 0 && !everything.checked;
}

function selectAll(event) {
  for (const box of boxes()) box.checked = event.target.checked;
  count();
}

function essence(row) {
  const copy = row.cloneNode(true);
  for (const hint of copy.querySelectorAll("[data-hint]")) hint.remove();
  return copy.outerHTML;
}

// What stands among the rows that came and is none of them is gone; of older rows nothing is known.
function removeGone(body, ids) {
  const last = document.getElementById(ids.at(-1));
  if (!last) return;
  for (const row of [...body.querySelectorAll("tr[id]")]) {
    if (row === last) break;
    if (!ids.includes(row.id)) row.remove();
  }
  if (boxes().length) count();
}

// Rows of the first page are rendered by the server again; those that have become others are replaced.
async function look() {
  const answer = await fetch(form.dataset.rows, { headers: { Accept: "text/html,application/xhtml+xml" } });
  if ([401, 403, 404].includes(answer.status)) location.reload(); // the server says what has become of the list
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  unanswered("");
  const page = new DOMParser().parseFromString(`<table><tbody>${await answer.text()}</tbody></table>`, "text/html");
  const body = document.getElementById("rows");
  const fresh = [...page.querySelectorAll("tr[id]")];
  if (body.querySelector("tr[id]") && !fresh.some(({ id }) => document.getElementById(id))) {
    location.reload(); // all are gone, or somebody else looks: a login has run out
    return;
  }
  removeGone(body, fresh.map(({ id }) => id));
  let before = null;
  for (const row of fresh) {
    const old = document.getElementById(row.id);
    const isOther = old && essence(old) !== essence(row);
    if (isOther && !old.contains(document.activeElement)) {
      const box = row.querySelector("input[name=JOB]");
      if (box) box.checked = old.querySelector("input[name=JOB]")?.checked ?? false;
      old.replaceWith(row);
    } else if (!old) {
      body.insertBefore(row, before ? before.nextSibling : body.firstChild);
    }
    before = document.getElementById(row.id);
  }
}

function goOn() {
  setTimeout(async () => {
    if (!document.hidden) await look().catch(() => unanswered());
    goOn();
  }, LOOK);
}

// Whoever has asked for older jobs goes on at the first of them.
let above = null;
document.addEventListener("htmx:beforeSwap", ({ target }) => {
  above = target.contains(document.activeElement) ? target.previousElementSibling : null;
});
document.addEventListener("htmx:afterSwap", () => {
  above?.nextElementSibling?.querySelector("input, a")?.focus({ preventScroll: true });
  above = null;
});

if (form?.querySelector("input[name=JOB]")) {
  form.querySelector(".everything").hidden = false;
  document.getElementById("everything").addEventListener("change", selectAll);
  form.addEventListener("change", count);
  document.addEventListener("htmx:afterSwap", count);
  count();
}
if (form && "active" in form.dataset) goOn();
