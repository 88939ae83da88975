// Motion in the parts that the browser itself builds into an element. No list of animations names it, so a style
// sheet ends it, which is taken away after the picture.
// Called by `settle.js`, by `timeline.js` to let it go on, and by `preload/foreign_frames.js`.

// The parts that may have transitions, by the elements that have them.
const MOVING_PARTS = {
  details: ["::details-content"],
  input: ["::placeholder", "::file-selector-button", "::-webkit-slider-thumb", "::-moz-range-thumb", "::-moz-range-progress"],
  textarea: ["::placeholder"],
  select: ["::picker(select)", "::picker-icon"],
  option: ["::checkmark"],
  progress: ["::-webkit-progress-value", "::-moz-progress-bar"],
  meter: ["::-webkit-meter-optimum-value", "::-moz-meter-bar"],
};
const ELEMENTS_WITH_PARTS = Object.keys(MOVING_PARTS).join();
// A rule that an engine does not know is dropped alone. Without its native look, a bar that tells no progress stands.
const STILL_PARTS = [...new Set(Object.values(MOVING_PARTS).flat())]
  .map((part) => `${part} { transition: none !important; }`)
  .concat("progress:indeterminate { appearance: none !important; }")
  .join("\n");

const hasMovingParts = (element) => {
  if (element.matches("progress:indeterminate")) return true;
  const view = element.ownerDocument.defaultView;
  return MOVING_PARTS[element.localName].some((part) => {
    const { transitionDuration } = view.getComputedStyle(element, part);
    return Boolean(transitionDuration) && transitionDuration !== "0s";
  });
};

// The roots with such a style sheet, and the sheet of each.
const partSheets = new Map();

const stopPartsIn = (root) => {
  const sheet = partSheets.get(root);
  if (sheet && root.adoptedStyleSheets.includes(sheet)) return;
  if (![...root.querySelectorAll(ELEMENTS_WITH_PARTS)].some(hasMovingParts)) return;
  const still = sheet || new (root.defaultView || root.ownerDocument.defaultView).CSSStyleSheet();
  if (!sheet) still.replaceSync(STILL_PARTS);
  partSheets.set(root, still);
  root.adoptedStyleSheets.push(still);
};

const playParts = () => {
  for (const [root, sheet] of partSheets) {
    root.adoptedStyleSheets = [...root.adoptedStyleSheets].filter((other) => other !== sheet);
  }
  partSheets.clear();
};
