// The page of a job follows the job: a request that waits at the server tells of each change of its phase, and while
// there is more to see it is looked at every few seconds. What is shown is always what the server has rendered.

import { successor } from "./site.js";

const PAGE = { Accept: "text/html,application/xhtml+xml" };
const WAIT = 60;
const LOOK = 2000;
const HIDDEN = 15000;
const PAUSE = 2000; // a server that is started again is back in seconds

const status = document.getElementById("status");
let live = document.getElementById("live");
let known = sectionsOf(live);

function sectionsOf(root) {
  return new Map([...root.querySelectorAll("section[id]")].map((section) => [section.id, essence(section)]));
}

// What a section says, but for hints of time, which go on by themselves, and what script has added.
function essence(section) {
  const copy = section.cloneNode(true);
  for (const hint of copy.querySelectorAll("[data-hint]")) hint.remove();
  for (const box of copy.querySelectorAll(".copying")) box.replaceWith(box.querySelector("pre"));
  return copy.outerHTML;
}

async function look() {
  const answer = await fetch(`${live.dataset.url}/live`, { headers: PAGE, cache: "no-cache" });
  if ([401, 403, 404].includes(answer.status)) {
    location.reload(); // the server says what has become of the job
    return new Promise(() => {});
  }
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
  const changed = fresh.dataset.phase !== live.dataset.phase;
  const found = sectionsOf(fresh);
  for (const [id, said] of found) {
    if (known.get(id) === said) continue;
    const isShown = replace(document.getElementById(id), fresh.querySelector(`#${id}`), changed);
    if (!isShown) found.set(id, known.get(id)); // it is tried again the next time
  }
  known = found;
  Object.assign(live.dataset, fresh.dataset);
  for (const name of ["active", "moving"]) if (!(name in fresh.dataset)) delete live.dataset[name];
  document.title = fresh.dataset.title;
  if (changed) say(`The job is ${fresh.dataset.phase}.`);
}

// Put a section in the place of another, and keep what somebody is doing there; return whether it was put there.
function replace(old, fresh, changed) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  if (focused?.matches("input, select, textarea") && !changed) return false;
  for (const details of old.querySelectorAll("details[open]")) {
    successor(details, fresh)?.setAttribute("open", "");
  }
  const log = old.querySelector(".log");
  const follows = !log || isAtEnd(log);
  const top = log?.scrollTop;
  document.adoptNode(fresh);
  old.replaceWith(fresh);
  const now = fresh.querySelector(".log");
  if (now) now.scrollTop = follows ? now.scrollHeight : top;
  window.htmx?.process(fresh);
  document.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: fresh } }));
  if (focused) keepFocus(focused, fresh);
  return true;
}

// What can be done with the job changes with its phase: without a successor, whoever was there stays in the section.
function keepFocus(focused, fresh) {
  let next = successor(focused, fresh);
  if (!next) {
    next = fresh.querySelector("h1, h2") ?? fresh;
    next.tabIndex = -1;
  }
  next.focus({ preventScroll: true });
}

function isAtEnd(log) {
  return log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
}

function say(text, kind = "") {
  status.textContent = text;
  status.className = `notice ${kind}`.trim();
  status.hidden = !text;
}

const sleep = (time) => new Promise((resolve) => { setTimeout(resolve, time); });

// Wakes when the tab is looked at again.
function shown() {
  return new Promise((resolve) => { document.addEventListener("visibilitychange", resolve, { once: true }); });
}

// Ends when the job has left the phase that is shown, or after a while. It costs the server nothing, but the browser
// one of the few connections that it has for a site; so hidden tabs do without.
async function phaseChange(signal) {
  const url = `${live.dataset.url}?WAIT=${WAIT}&PHASE=${live.dataset.phase}`;
  const began = performance.now();
  const answer = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store", signal });
  await answer.text();
  if (performance.now() - began < LOOK) await sleep(LOOK / 4); // whoever answers at once has no room to wait
}

async function somethingToSee() {
  if (document.hidden) {
    await Promise.race([sleep(HIDDEN), shown()]);
    return;
  }
  const hangUp = new AbortController();
  const change = phaseChange(hangUp.signal);
  change.catch(() => {});
  try {
    const looks = "moving" in live.dataset ? [sleep(LOOK)] : [];
    await Promise.race([change, shown(), ...looks]);
  } finally {
    hangUp.abort();
  }
}

async function follow() {
  while ("active" in live.dataset) {
    try {
      await somethingToSee();
      await look();
      if (status.classList.contains("warning")) say("");
    } catch {
      say("The server cannot be reached. It is tried again; what is shown may be old.", "warning");
      await Promise.race([sleep(PAUSE), shown()]);
    }
  }
}

const log = live.querySelector(".log");
if (log) log.scrollTop = log.scrollHeight;
follow();
