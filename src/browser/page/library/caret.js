// Hides the caret and switches smooth scrolling off.
// Called by `settle.js`.
const hideCaret = (root) => {
  if (root.adoptedStyleSheets.some((sheet) => sheet.twinshot)) return;
  const view = root.defaultView || root.ownerDocument.defaultView;
  const sheet = new view.CSSStyleSheet();
  // Only elements that can have a caret: with a colour set on every element, Chromium draws some text slightly
  // differently in every other picture.
  sheet.replaceSync(":read-write { caret-color: transparent !important; } * { scroll-behavior: auto !important; }");
  sheet.twinshot = true;
  root.adoptedStyleSheets.push(sheet);
};
