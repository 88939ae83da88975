// Stops marquees for a picture, with their text where it is without motion. The browser moves it in a tree of its own,
// which only the engine can hand over.
// Called by `settle.js` and `timeline.js`, and from `engines/chromium/marquees.rs` as `movingMarquees` and
// `stopMarquee`.

// The trees of the marquees that we stopped, each with its style sheet and whether it moved before.
const stoppedMarquees = new Map();

const movingMarquees = () => {
  const stopped = new Set([...stoppedMarquees.keys()].map(({ host }) => host));
  return allIn(walked.everyRoot, "marquee").filter((marquee) => !stopped.has(marquee));
};

// `tree` is the browser's own shadow tree of a marquee.
const stopMarquee = (tree) => {
  const hasMoved = tree.getAnimations().every(({ playState }) => playState === "running");
  tree.host.stop();
  // A moving text has a layer of its own, also while it stands, and is drawn a shade different there.
  for (const animation of tree.getAnimations()) animation.cancel();
  const sheet = new tree.ownerDocument.defaultView.CSSStyleSheet();
  sheet.replaceSync(":host > * { transform: none !important; }");
  tree.adoptedStyleSheets.push(sheet);
  stoppedMarquees.set(tree, { sheet, hasMoved });
};

const playMarquees = () => {
  for (const [tree, { sheet, hasMoved }] of stoppedMarquees) {
    tree.adoptedStyleSheets = [...tree.adoptedStyleSheets].filter((other) => other !== sheet);
    if (hasMoved) tree.host.start();
  }
  stoppedMarquees.clear();
};
