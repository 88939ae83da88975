// Knows which elements wait to come into view: those that the page's scripts watch with an IntersectionObserver,
// and those that `content-visibility: auto` leaves out.
// Asked by `library/lazy.js`.

// The elements that the page was told are out of view. A page that was scrolled through has seen its elements, so
// only those count that it was first told of since then.
const unseen = new OwnSet();
const firstTold = new OwnWeakMap();
let timesScrolledThrough = 0;
const noteEntries = (entries, { root }) => {
  if (root && root !== document) return;
  for (let index = 0; index < entries.length; index += 1) {
    const { target, isIntersecting } = entries[index];
    if (!firstTold.has(target)) firstTold.set(target, timesScrolledThrough);
    if (isIntersecting) unseen.delete(target);
    else if (firstTold.get(target) === timesScrolledThrough) unseen.add(target);
  }
};
onObserved(
  "IntersectionObserver",
  (callback) =>
    function (entries, observer) {
      noteEntries(entries, observer);
      return call(callback, this, entries, observer);
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
onMessage("forget-unseen", () => {
  timesScrolledThrough += 1;
  unseen.clear();
});
