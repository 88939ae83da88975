// Motion in the parts that the browser itself builds into an element. No list of animations names it, so a style
// sheet ends it, which is taken away after the picture.
// Called by `settle.js`, by `timeline.js` to let it go on, and by `preload/foreign_frames.js`.

// The parts that may have transitions, by the elements that have them.
const MOVING_PARTS = {
  details: ["::details-content"],
  "input[placeholder], textarea[placeholder]": ["::placeholder"],
  "input[type=file]": ["::file-selector-button"],
  "input[type=range]": ["::-webkit-slider-thumb", "::-moz-range-thumb"],
  select: ["::picker(select)", "::picker-icon"],
  progress: ["::-webkit-progress-value", "::-moz-progress-bar"],
  meter: ["::-webkit-meter-optimum-value", "::-moz-meter-bar"],
};
const INDETERMINATE = "progress:indeterminate";
// A rule that an engine does not know is dropped alone. Without its native look, a bar that tells no progress stands.
const STILL_PARTS = Object.values(MOVING_PARTS)
  .flat()
  .map((part) => `${part} { transition: none !important; }`)
  .concat(`${INDETERMINATE} { appearance: none !important; }`)
  .join("\n");

const hasTransition = (element, part) => {
  const { transitionDuration } = element.ownerDocument.defaultView.getComputedStyle(element, part);
  return Boolean(transitionDuration) && transitionDuration !== "0s";
};
const hasMovingParts = (root) =>
  Object.entries(MOVING_PARTS).some(([selector, parts]) =>
    [...root.querySelectorAll(selector)].some((element) => parts.some((part) => hasTransition(element, part))),
  ) || root.querySelector(INDETERMINATE) !== null;

// The roots with such a style sheet, and the sheet of each.
const partSheets = new Map();

const stopPartsIn = (root) => {
  const sheet = partSheets.get(root);
  if (sheet && root.adoptedStyleSheets.includes(sheet)) return;
  if (!hasMovingParts(root)) return;
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
