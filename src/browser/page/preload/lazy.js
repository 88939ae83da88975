// Knows which elements wait to come into view: those that the page's scripts watch with an IntersectionObserver,
// and those that `content-visibility: auto` leaves out.
// Asked by `library/lazy.js`, and told of timers by `script_calls.js`.

// The elements that the page was told are out of view. A page that was scrolled through has seen its elements, so
// only those count that it was first told of since then.
const unseen = new OwnSet();
// Those that the page was told of for the view of a box that scrolls, since it was scrolled through.
const toldInBoxes = new OwnSet();
const firstTold = new OwnWeakMap();
let timesScrolledThrough = 0;
const noteEntries = (entries, { root }) => {
  const isInBox = root && root !== document;
  for (let index = 0; index < entries.length; index += 1) {
    const { target, isIntersecting } = entries[index];
    if (!firstTold.has(target)) firstTold.set(target, timesScrolledThrough);
    if (isInBox) {
      if (firstTold.get(target) === timesScrolledThrough) toldInBoxes.add(target);
      continue;
    }
    if (isIntersecting) unseen.delete(target);
    else if (firstTold.get(target) === timesScrolledThrough) unseen.add(target);
  }
};
// Whether the page is being told what is in view, and until when the timers run that it set meanwhile. A list loads more
// by such a timer.
let isTelling = false;
let timersEnd = 0;
const LONGEST_TIMER_MS = 2000;
const noteTimer = (milliseconds) => {
  if (isTelling && milliseconds <= LONGEST_TIMER_MS) timersEnd = max(timersEnd, now() + milliseconds);
};
onQuestion("count-timers", () => (now() <= timersEnd ? 1 : 0));
onObserved(
  "IntersectionObserver",
  (callback) =>
    function (entries, observer) {
      noteEntries(entries, observer);
      isTelling = true;
      try {
        return call(callback, this, entries, observer);
      } finally {
        isTelling = false;
      }
    },
);

// Elements whose content the browser leaves out because it is far from the view.
const skipped = new OwnSet();
listen(
  document,
  "contentvisibilityautostatechange",
  (event) => {
    const element = event.composedPath()[0];
    if (event.skipped) skipped.add(element);
    else skipped.delete(element);
  },
  true,
);
onQuestion("show-skipped", () => {
  const count = skipped.size;
  skipped.forEach((element) => {
    // `content-visibility: auto` contains its content as well.
    element.style.setProperty("contain", "content", "important");
    element.style.setProperty("content-visibility", "visible", "important");
  });
  skipped.clear();
  return count;
});

const dropRemoved = (elements) =>
  elements.forEach((element) => {
    if (!element.isConnected) elements.delete(element);
  });
onQuestion("count-unseen", () => {
  dropRemoved(unseen);
  dropRemoved(skipped);
  return unseen.size + skipped.size;
});
onQuestion("count-told-in-boxes", () => {
  dropRemoved(toldInBoxes);
  return toldInBoxes.size;
});
onMessage("forget-unseen", () => {
  timesScrolledThrough += 1;
  unseen.clear();
  toldInBoxes.clear();
});
