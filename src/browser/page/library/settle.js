// Waits until the page stands still, and tells after a picture whether it still does.
// Called from `shoot/settle.rs` as `settle` and `hasRested`.

// Page scripts work in small pieces after an answer has arrived: a page that has not changed for so long is done,
// and a page that keeps changing is waited for so long.
const QUIET_MS = 60;
const CHANGES_MS = 600;
const TURN_MS = 20;

// When the page settled last, how often its scripts had been called by then, and how many elements waited to come
// into view.
let settledAt = -Infinity;
let callsWhenSettled = 0;
let unseenWhenSettled = 0;

// Whether the page shows no change since it settled.
const isAsItSettled = () => scriptCalls() === callsWhenSettled && changes.last() < settledAt;

// Adds the time since then to what was waited for by its kind, and keeps the largest count.
const addWait = (waits, kind, since, count = 1) => {
  const wait = (waits[kind] ??= { ms: 0, count: 0 });
  wait.ms += performance.now() - since;
  wait.count = Math.max(wait.count, count);
};

const finishSettling = ({ pending, waits, unchanged, showsAll, mayGrow, began }) => {
  settledAt = performance.now();
  callsWhenSettled = scriptCalls();
  const took = settledAt - began;
  unseenWhenSettled = countUnseen();
  const lazy = showsAll ? unseenWhenSettled + countTransparent() + Number(mayGrow) : 0;
  const marquees = movingMarquees().length;
  const found = { pending: pending.map(({ words }) => words), waits, took, unchanged, lazy, marquees, document: describe() };
  return { ...found, ...measure(), onlyInView, onlyPartly };
};

// Waits until nothing is pending, at most `budget` milliseconds. In a `hurry` it skips what `hasRested` can tell
// after the picture as well. `mustDraw`: the browser must have drawn frames, because its pictures show the last one.
const settle = async ({ budget, wholePage, show, hurry, mustDraw, parts }) => {
  const began = performance.now();
  // A page that draws by itself, or has just changed, is about to change.
  const isStill = runsEverywhere() && !drawsByItself();
  let unchanged = isStill && isAsItSettled();
  const showsAll = wholePage && parts.images;
  const hasGrown = show && showWholePage(show);
  if (hasGrown) hurry = unchanged = false;
  const showMore = () => (showsAll ? showSkipped() + showSeen() + showHidden() : 0);
  if (showMore()) hurry = unchanged = false;
  hurry &&= isStill && changes.sinceMutation() > QUIET_MS;
  const waits = {};
  let pending = [];
  do {
    let since = performance.now();
    if (since > began + REQUESTS_MS) alwaysHasRequests = true;
    const waitForRequests = budget > 0 && !alwaysHasRequests;
    let tree = walkTree();
    tree.everyRoot.forEach(hideCaret);
    if (parts.animations) {
      tree.everyRoot.forEach(stopPartsIn);
      tellForeign("stop");
    }
    changes.watch(tree.everyRoot);
    if (parts.animations && budget > 0 && (await bringDrawingToEnd())) tree = walkTree();
    // Makes the browser lay out the page, which starts its transitions.
    if (document.body) document.body.getBoundingClientRect();
    pending = stillPending({ tree, wholePage, parts, waitForRequests });
    addWait(waits, "layout", since);
    unchanged &&= !pending.length;
    // The animations are finished now; `hasRested` tells whether they stay so.
    if (hurry) pending = pending.filter(({ kind }) => kind !== "animations");
    if (!pending.length) {
      since = performance.now();
      if (show && !show.area) extendBackdrops(tree.roots);
      if (parts.images) await decodeImages(tree.images, wholePage);
      addWait(waits, "decoding", since);
      since = performance.now();
      const isDrawn = hurry || (await nextFrames());
      addWait(waits, "drawing", since);
      if (hurry) break;
      pending = stillPending({ tree: walkTree(), wholePage, parts, waitForRequests });
      if (showMore()) pending.push({ kind: "changes", count: 1, words: "more of the page comes into view" });
      if (show && showWholePage(show)) pending.push({ kind: "changes", count: 1, words: "more of the page comes into view" });
      if (mustDraw && !isDrawn) pending.push({ kind: "drawing", count: 1, words: "the browser draws no frames" });
      const quiet = Math.min(changes.sinceMutation(), changes.sinceCode());
      const isChanging = waitForRequests && quiet < QUIET_MS && performance.now() < began + CHANGES_MS;
      if (parts.requests && isChanging && !pending.length) pending.push({ kind: "changes", count: 1, words: "the page changes itself" });
      if (!pending.length) break;
    }
    since = performance.now();
    await pause(TURN_MS);
    for (const { kind, count } of pending) addWait(waits, kind, since, count);
  } while (performance.now() < began + budget);
  if (show && !show.area && !show.scroller) await noteForeignFrames();
  // A box may load more of its content when it becomes larger.
  const mayGrow = Boolean(hasGrown) && countToldInBoxes() > 0;
  return finishSettling({ pending, waits, unchanged, showsAll, mayGrow, began });
};

// What a page starts when it has loaded shows within so long.
const LOADED_MS = 100;

// Whether the page stood still since it settled; null when we cannot look into all of its windows.
const hasRested = async ({ wholePage, parts }) => {
  const [navigation] = performance.getEntriesByType("navigation");
  const loaded = navigation ? navigation.loadEventEnd : 0;
  const enough = Math.max(changes.last() + QUIET_MS, settledAt + QUIET_MS, loaded + LOADED_MS);
  const missing = enough - performance.now();
  if (missing > 0) await pause(missing);
  if (!runsEverywhere()) return null;
  if (drawsByItself() || !isAsItSettled()) return false;
  if (wholePage && parts.images && countUnseen() > unseenWhenSettled) return false;
  return !stillPending({ tree: walkTree(), wholePage, parts, waitForRequests: !alwaysHasRequests }).length;
};
