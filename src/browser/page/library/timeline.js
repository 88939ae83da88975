// The page's drawing loops: brought to their end, held for a picture, and released. `preload/timeline.js` does
// the work in each window.
// Called from `shoot/settle.rs` as `hold` and `letGo`.

// The windows that draw by themselves: by requestAnimationFrame or in workers.
const drawingWindows = () => reachableWindows().filter((view) => askWindow(view, "has-loops")[0]);
const drawsByItself = () => drawingWindows().length > 0;

// How often the page's scripts were called by timers and for frames.
const scriptCalls = () => sum(askAll("count-calls"));

// Longer than preload/timeline.js tries.
const DRAWING_MS = 4000;
const askDrawing = (question) => Promise.all(drawingWindows().map((view) => askSlowly(view, question, DRAWING_MS)));

// Runs the frames up to the last one where a drawing has an end. Resolves to whether any window draws.
const bringDrawingToEnd = async () => (await askDrawing("bring-to-end")).length > 0;

// Holds the page's drawing loops. Resolves to the number of frames they have drawn, or 0 when none could be held.
const hold = async () => {
  tellForeign("hold");
  const held = await askDrawing("hold");
  await nextFrames();
  return Math.max(0, ...held);
};

// Releases everything that was held or stopped for a picture, describes the document, and says what the picture lacks.
const letGo = (picture) => {
  tellAll("release");
  tellForeign("release");
  playAnimations();
  playParts();
  playMarquees();
  playVideos();
  hideSeen();
  const { area } = picture || {};
  const outOfView = area ? foreignFramesOutOfView(area) : [];
  const found = { ...describe(), ...missingIn(picture || {}), outOfView, goesOn: goesOnTo() };
  putPageBack();
  return found;
};
