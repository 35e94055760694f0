// Tables that were scrolled sideways stay so when what they show is renewed, and the focus stays where it was.

import { successor } from "./site.js";

const scrolled = new Map();
let focused = null;

document.addEventListener("htmx:beforeSwap", (event) => {
  focused = event.target.contains(document.activeElement) ? document.activeElement : null;
  for (const box of event.target.querySelectorAll(".scroll[id]")) scrolled.set(box.id, box.scrollLeft);
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (focused && !focused.isConnected) successor(focused, event.target)?.focus({ preventScroll: true });
});

document.addEventListener("htmx:afterSettle", () => {
  for (const [id, left] of scrolled) document.getElementById(id)?.scrollTo({ left });
});
