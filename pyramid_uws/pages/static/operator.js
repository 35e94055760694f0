// Tables that were scrolled sideways stay so when what they show is renewed.

const scrolled = new Map();

document.addEventListener("htmx:beforeSwap", (event) => {
  for (const box of event.target.querySelectorAll(".scroll[id]")) scrolled.set(box.id, box.scrollLeft);
});

document.addEventListener("htmx:afterSettle", () => {
  for (const [id, left] of scrolled) document.getElementById(id)?.scrollTo({ left });
});
