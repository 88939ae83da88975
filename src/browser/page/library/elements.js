// What an element is drawn in, and what people call it.
// Part of the library, and of what `act/reach.rs` puts before its scripts.

// Slots and shadow hosts count: slotted elements lie in their slot, and shadow trees in their host.
const drawnIn = (element) => element.assignedSlot || element.parentElement || element.getRootNode().host || null;

// A short selector.
const nameOf = (element) => {
  const id = element.id ? `#${element.id}` : "";
  const classes = [...element.classList].slice(0, 3).map((name) => `.${name}`);
  return `${element.localName}${id}${classes.join("")}`;
};
