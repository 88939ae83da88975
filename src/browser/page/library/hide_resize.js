// Hides from the page that its window is resized for a full-page picture. `preload/hide_resize.js` does so in
// each window; here it is switched on and off.
// Called from `engines/chromium/picture.rs` as `hideResize` and `waitUntilResizeShown`.

// Media queries in style sheets apply to the tiny window as well: without this, the transitions that they start
// would still be running when the picture is taken.
const stopTransitions = (on) => {
  for (const view of reachableWindows()) {
    // The styles of the full window must apply before transitions are allowed again.
    if (!on && view.document.documentElement) view.document.documentElement.getBoundingClientRect();
    for (const root of rootsOf(view.document)) {
      const sheets = [...root.adoptedStyleSheets].filter((sheet) => !sheet.twinshotStopsTransitions);
      if (on) {
        const sheet = new view.CSSStyleSheet();
        sheet.replaceSync("*, *::before, *::after { transition: none !important; }");
        sheet.twinshotStopsTransitions = true;
        sheets.push(sheet);
      }
      root.adoptedStyleSheets = sheets;
    }
  }
};

// Resolves when resizes are no longer hidden.
let resizeShown;
const showResize = async () => {
  // The browser sends the events of the last resize in its next frames.
  await nextFrames();
  tellAll("show-resize");
  stopTransitions(false);
};

// Switching off takes two frames, which the caller does not wait for.
const hideResize = async ({ on }) => {
  if (!on) {
    resizeShown = showResize();
    return;
  }
  await resizeShown;
  tellAll("hide-resize");
  stopTransitions(true);
};

const waitUntilResizeShown = () => resizeShown;
